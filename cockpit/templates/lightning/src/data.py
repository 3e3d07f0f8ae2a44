"""From a CSV file to batches, in five steps that each report what they found."""

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from cockpit.recorder.sampler import EpochSampler
from cockpit.recorder.stages import stages
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader, TensorDataset

VERSION = 1  # raise it when a step would make other data from the same file
FEATURES, LABEL = ["x", "y"], "label"
SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}


class Table(LightningDataModule):
    """Rows of numbers with a class each.

    Args:
        raw: the CSV file; its columns are FEATURES and LABEL.
        processed: folder of what was made of it.
        batch_size: rows per batch.
        seed: of the split and of the order.
    """

    def __init__(
        self,
        raw: str = "data/raw/points.csv",
        processed: str = "data/processed",
        batch_size: int = 32,
        seed: int = 42,
    ) -> None:
        super().__init__()
        self.raw, self.processed = Path(raw), Path(processed)
        self.batch_size, self.seed = batch_size, seed

    def prepare_data(self) -> None:
        """Steps 1 to 4, on one process a machine; from the cache where the file and the settings are the same."""
        cached = self._cached()
        if not cached.exists():
            splits = split(preprocess(validate(self.raw)), self.seed)
            cache(cached, splits)
        stages().report("data", "cache", "done", detail=cached.name)

    def setup(self, stage: str | None = None) -> None:
        """What was cached, as tensors."""
        with np.load(self._cached()) as arrays:
            self.sets = {
                name: TensorDataset(torch.from_numpy(arrays[f"{name}_x"]), torch.from_numpy(arrays[f"{name}_y"]))
                for name in SHARES
            }

    def train_dataloader(self) -> DataLoader[Any]:
        """Step 5: batches ([B, F], [B]), in an order that a resumed run continues."""
        stages().report("data", "build loaders", "done", detail=f"batches of {self.batch_size}")
        data = self.sets["train"]
        sampler = EpochSampler(len(data), self.batch_size, self.seed)
        generator = torch.Generator().manual_seed(self.seed)
        return DataLoader(data, self.batch_size, sampler=sampler, drop_last=True, generator=generator)

    def val_dataloader(self) -> DataLoader[Any]:
        """The rows for validation."""
        return DataLoader(self.sets["val"], batch_size=512)

    def test_dataloader(self) -> DataLoader[Any]:
        """The rows for testing."""
        return DataLoader(self.sets["test"], batch_size=512)

    def _cached(self) -> Path:
        digest = hashlib.sha256(f"{VERSION}|{self.seed}|{FEATURES}|{SHARES}|".encode() + self.raw.read_bytes())
        return self.processed / f"{digest.hexdigest()[:16]}.npz"


def validate(raw: Path) -> pd.DataFrame:
    """Step 1: the rows that can be trained on; the others are counted."""
    frame = pd.read_csv(raw)
    if missing := {*FEATURES, LABEL} - {*frame.columns}:
        raise ValueError(f"{raw} has no column {', '.join(sorted(missing))}")
    numbers = frame[[*FEATURES, LABEL]].apply(pd.to_numeric, errors="coerce")
    finite = np.isfinite(numbers.to_numpy()).all(axis=1)
    good = numbers[finite].drop_duplicates()
    if good.empty:
        raise ValueError(f"{raw} has no row of numbers")
    bad, copies = int((~finite).sum()), int(finite.sum()) - len(good)
    stages().report("data", "validate raw data", "done", detail=f"{len(frame):,} rows, {bad} bad, {copies} duplicate")
    return good


def preprocess(frame: pd.DataFrame) -> pd.DataFrame:
    """Step 2: classes counted from 0."""
    frame = frame.assign(**{LABEL: frame[LABEL].astype("category").cat.codes.astype("int64")})
    stages().report("data", "preprocess", "done", detail=f"{frame[LABEL].nunique()} classes")
    return frame


def split(frame: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """Step 3: every row into one split, by chance."""
    draw = np.random.default_rng(seed).random(len(frame))
    edges = np.cumsum(list(SHARES.values()))[:-1]
    part = np.searchsorted(edges, draw, side="right")
    splits = {name: frame[part == i] for i, name in enumerate(SHARES)}
    detail = ", ".join(f"{len(rows):,} {name}" for name, rows in splits.items())
    stages().report("data", "split", "done", detail=detail)
    return splits


def cache(path: Path, splits: dict[str, pd.DataFrame]) -> None:
    """Step 4: arrays scaled by the mean and deviation of the training rows alone, moved into place when whole."""
    train = splits["train"][FEATURES].to_numpy("float32")
    mean, deviation = train.mean(axis=0), train.std(axis=0) + 1e-8
    arrays = {}
    for name, rows in splits.items():
        arrays[f"{name}_x"] = (rows[FEATURES].to_numpy("float32") - mean) / deviation
        arrays[f"{name}_y"] = rows[LABEL].to_numpy("int64")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    np.savez(temporary, **arrays)
    temporary.replace(path)
