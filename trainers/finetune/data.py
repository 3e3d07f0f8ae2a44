"""Texts, questions with answers, or conversations from a file, as rows of tokens."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader

from cockpit.recorder.sampler import EpochSampler
from cockpit.recorder.stages import stages
from trainers import pipeline
from trainers.finetune.examples import write_examples
from trainers.finetune.packing import Rows
from trainers.finetune.pretrained import load_tokenizer
from trainers.finetune.rows import check_rows, read_rows, tokenize

Batch = dict[str, Tensor]
EXAMPLES = "stdlib-questions.jsonl"


class Texts(LightningDataModule):
    """The rows of a file: ``text``, ``prompt`` and ``completion``, or ``messages`` (a list of role and content).

    Only answers are learnt where there are questions.

    Args:
        tokenizer: the folder or hub name of the model to be trained.
        file: ``.jsonl``, ``.csv`` or ``.parquet``; by default questions about Python's library, written to
            ``data/raw/stdlib-questions.jsonl``.
        context: tokens of a row; longer samples are cut.
        batch_size: rows per batch.
        packing: lay several samples into one row.
        val: share of the samples for validation, 0..1.
        data: where raw and processed data are kept.
        workers: loader processes.
        seed: of split and order.
    """

    def __init__(
        self,
        tokenizer: str,
        file: str | None = None,
        context: int = 128,
        batch_size: int = 16,
        packing: bool = True,
        val: float = 0.1,
        data: str = "data",
        workers: int = 0,
        seed: int = 42,
    ) -> None:
        super().__init__()
        self.tokenizer, self.context, self.batch_size, self.packing = tokenizer, context, batch_size, packing
        self.val, self.data, self.workers, self.seed = val, Path(data), workers, seed
        self.file = Path(file) if file else self.data / "raw" / EXAMPLES
        self._example = file is None

    def prepare_data(self) -> None:
        """The first four steps; a second start finds the cache and reads nothing again."""
        if self._example and not self.file.exists():
            write_examples(self.file)
        tokenizer = load_tokenizer(self.tokenizer)
        facts = self.file.stat()
        file = pipeline.RawFile(str(self.file), facts.st_size, facts.st_mtime_ns)
        settings: dict[str, object] = {
            "tokenizer": _mark(tokenizer), "context": self.context, "val": self.val, "seed": self.seed
        }  # fmt: skip
        self.folder = self.data / "processed" / pipeline.fingerprint([file], settings)
        pipeline.cache(self.folder, lambda folder: self._build(folder, tokenizer))

    def _build(self, folder: Path, tokenizer: Any) -> None:
        rows = check_rows(read_rows(self.file))
        samples = {}
        for done, (digest, row) in enumerate(rows.items()):
            stages().report("data", "preprocess", done=done, total=len(rows))
            samples[digest] = tokenize(row, tokenizer, self.context)
        samples = {digest: sample for digest, sample in samples.items() if sample[1][1:].any()}
        if not samples:
            raise ValueError(f"{self.file}: nothing to learn is within the first {self.context} tokens of any row")
        total = sum(len(ids) for ids, _ in samples.values())
        cut = sum(len(ids) == self.context for ids, _ in samples.values())
        detail = f"{total:,} tokens, {cut} samples cut, {len(rows) - len(samples)} without an answer left"
        stages().report("data", "preprocess", "done", detail=detail)
        assigned = pipeline.split({digest: digest for digest in samples}, self.val, 0.0, self.seed, "sample")
        for name in ("train", "val"):
            own = [sample for digest, sample in samples.items() if assigned[digest] == name]
            lengths = [0, *(len(ids) for ids, _ in own)]
            np.savez(
                folder / f"{name}.npz",
                tokens=np.concatenate([ids for ids, _ in own] or [np.empty(0, np.uint32)]),
                learnt=np.concatenate([learnt for _, learnt in own] or [np.empty(0, bool)]),
                starts=np.cumsum(lengths),
            )

    @property
    def fingerprint(self) -> str:
        """Of the file and the settings that the cached data were made from."""
        return self.folder.name

    def setup(self, stage: str | None = None) -> None:
        """Load the tokens and lay them into rows."""
        self.rows = {}
        for name in ("train", "val"):
            with np.load(self.folder / f"{name}.npz") as arrays:
                self.rows[name] = Rows(**arrays, context=self.context, packed=self.packing)

    def train_dataloader(self) -> DataLoader[Batch]:
        """Step 5: batches of int64 [B, context], in an order a resume can continue."""
        rows = self.rows["train"]
        batches = len(rows) // self.batch_size
        detail = f"{batches:,} batches of {self.batch_size} x {self.context} tokens, {rows.filled:.0%} filled"
        stages().report("data", "build loaders", "done", detail=detail)
        return self._loader(rows, sampler=EpochSampler(len(rows), self.batch_size, self.seed), drop_last=True)

    def val_dataloader(self) -> DataLoader[Batch]:
        """The validation rows, in order."""
        return self._loader(self.rows["val"])

    def _loader(self, rows: Rows, **options: Any) -> DataLoader[Batch]:
        generator = torch.Generator().manual_seed(self.seed)
        return DataLoader(rows, self.batch_size, num_workers=self.workers, generator=generator, **options)


def _mark(tokenizer: Any) -> str:
    """Tells one tokenizer and template from another, wherever they lie."""
    whole = f"{tokenizer.backend_tokenizer.to_str()}|{tokenizer.chat_template}|{tokenizer.eos_token}"
    return hashlib.sha256(whole.encode()).hexdigest()[:16]
