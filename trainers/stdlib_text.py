"""The running Python's standard library as text to learn from: tens of megabytes on every machine."""

from __future__ import annotations

import json
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from cockpit.recorder.sampler import EpochSampler
from cockpit.recorder.stages import stages
from trainers import pipeline


class Windows(Dataset[Tensor]):
    """Windows of ``context + 1`` bytes, evenly spread over a split; window ``i`` is always the same.

    Args:
        tokens: the split, uint8 [N], usually a memory map.
        context: bytes the model sees.
        count: how many windows; more than fit without overlap overlap.
    """

    def __init__(self, tokens: np.ndarray, context: int, count: int) -> None:
        if len(tokens) <= context:
            raise ValueError(f"the split has {len(tokens)} bytes, a window needs {context + 1}")
        self.tokens, self.context = tokens, context
        self.starts = np.linspace(0, len(tokens) - context - 1, count, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> Tensor:
        """Token ids, int64 [context + 1]."""
        start = self.starts[index]
        return torch.from_numpy(self.tokens[start : start + self.context + 1].astype(np.int64))


class StdlibText(LightningDataModule):
    """Every ``.py`` file below a folder, by default the running Python's standard library.

    Args:
        context: bytes per training sample.
        batch_size: windows per batch.
        samples_per_epoch: windows per epoch.
        val_windows: windows of a validation.
        root: another folder to read.
        data: where raw and processed data are kept.
        workers: loader processes.
        seed: of split and order.
    """

    def __init__(
        self,
        context: int = 128,
        batch_size: int = 24,
        samples_per_epoch: int = 4800,
        val_windows: int = 480,
        root: str | None = None,
        data: str = "data",
        workers: int = 0,
        seed: int = 42,
    ) -> None:
        super().__init__()
        self.context, self.batch_size, self.workers, self.seed = context, batch_size, workers, seed
        self.samples_per_epoch, self.val_windows = samples_per_epoch, val_windows
        self.root = Path(root or sysconfig.get_path("stdlib"))
        self.data = Path(data)

    def prepare_data(self) -> None:
        """The first four steps; a second start finds the cache and reads nothing again."""
        files = pipeline.list_files(self.root, ".py")
        settings: dict[str, object] = {"root": str(self.root), "seed": self.seed, "val": 0.05, "test": 0.05}
        self.folder = self.data / "processed" / pipeline.fingerprint(files, settings)
        pipeline.cache(self.folder, lambda folder: self._build(folder, files))

    def _build(self, folder: Path, files: list[pipeline.RawFile]) -> None:
        self._note_source(files)
        report = pipeline.validate_raw(self.root, files)
        if not report.good:
            raise FileNotFoundError(f"no readable .py file below {self.root}")
        texts = pipeline.preprocess(self.root, report.good)
        assigned = pipeline.split(report.good, val=0.05, test=0.05, seed=self.seed)
        pipeline.write_tokens(folder, texts, assigned, report.good)

    def _note_source(self, files: list[pipeline.RawFile]) -> None:
        """The raw data stay where Python keeps them; leave a note of where that is."""
        raw = self.data / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        note = {"source": str(self.root), "files": len(files), "bytes": sum(max(0, f.bytes) for f in files)}
        (raw / "source.json").write_text(json.dumps(note, indent=1) + "\n")

    @property
    def fingerprint(self) -> str:
        """Of the files and the settings that the cached data were made from."""
        return self.folder.name

    def setup(self, stage: str | None = None) -> None:
        """Map the cached tokens; nothing is read before a window is."""
        self.tokens = {name: np.load(self.folder / f"{name}.npy", mmap_mode="r") for name in pipeline.SPLITS}

    def train_dataloader(self) -> DataLoader[Tensor]:
        """Step 5: batches [B, T + 1], in an order a resume can continue."""
        windows = Windows(self.tokens["train"], self.context, self.samples_per_epoch * 16)
        sampler = EpochSampler(len(windows), self.batch_size, self.seed, samples_per_epoch=self.samples_per_epoch)
        detail = f"{self.samples_per_epoch // self.batch_size:,} batches of {self.batch_size} x {self.context} bytes"
        stages().report("data", "build loaders", "done", detail=detail)
        return self._loader(windows, sampler=sampler, drop_last=True)

    def val_dataloader(self) -> DataLoader[Tensor]:
        """The same windows every time."""
        return self._loader(Windows(self.tokens["val"], self.context, self.val_windows))

    def test_dataloader(self) -> DataLoader[Tensor]:
        """Windows of files that were neither trained nor validated on."""
        return self._loader(Windows(self.tokens["test"], self.context, self.val_windows))

    def _loader(self, windows: Windows, **options: Any) -> DataLoader[Tensor]:
        generator = torch.Generator().manual_seed(self.seed)
        return DataLoader(windows, self.batch_size, num_workers=self.workers, generator=generator, **options)
