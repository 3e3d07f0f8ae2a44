"""Handwritten digits (scikit-learn's copy of the UCI set, 1,797 images of 8 x 8): twenty seconds from start to end."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from lightning.pytorch import LightningDataModule, LightningModule
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from cockpit.recorder.sampler import EpochSampler
from cockpit.recorder.stages import stages


class Digits(LightningDataModule):
    """The five data steps at their simplest: an array that ships with scikit-learn.

    Args:
        batch_size: images per batch.
        seed: of the split and of the order.
    """

    def __init__(self, batch_size: int = 64, seed: int = 42) -> None:
        super().__init__()
        self.batch_size, self.seed = batch_size, seed

    def setup(self, stage: str | None = None) -> None:
        """Load, check and split 70/15/15, each class in the same proportion."""
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        report = stages().report
        images, labels = load_digits(return_X_y=True)
        self.fingerprint = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()[:16]
        bad = int((~np.isfinite(images)).any(axis=1).sum())
        copies = len(images) - len(np.unique(images, axis=0))
        report("data", "validate raw data", "done", detail=f"{len(images):,} images, {bad} bad, {copies} duplicate")
        x = torch.tensor(images, dtype=torch.float32).view(-1, 1, 8, 8) / 16
        y = torch.tensor(labels)
        report("data", "preprocess", "done", detail="scaled to 0..1")
        train, rest = train_test_split(np.arange(len(x)), test_size=0.3, stratify=labels, random_state=self.seed)
        val, test = train_test_split(rest, test_size=0.5, stratify=labels[rest], random_state=self.seed)
        self.sets = {n: TensorDataset(x[i], y[i]) for n, i in (("train", train), ("val", val), ("test", test))}
        report("data", "split", "done", detail=f"{len(train):,} train, {len(val)} val, {len(test)} test")
        report("data", "cache", "skipped", detail="in memory")

    def train_dataloader(self) -> DataLoader[Any]:
        """Batches ([B, 1, 8, 8], [B]), in an order a resume can continue."""
        stages().report("data", "build loaders", "done", detail=f"batches of {self.batch_size}")
        data = self.sets["train"]
        sampler = EpochSampler(len(data), self.batch_size, self.seed)
        generator = torch.Generator().manual_seed(self.seed)
        return DataLoader(data, self.batch_size, sampler=sampler, drop_last=True, generator=generator)

    def val_dataloader(self) -> DataLoader[Any]:
        """The validation images, in one batch."""
        return DataLoader(self.sets["val"], batch_size=512, generator=torch.Generator().manual_seed(self.seed))

    def test_dataloader(self) -> DataLoader[Any]:
        """The test images, in one batch."""
        return DataLoader(self.sets["test"], batch_size=512)


class ConvNet(LightningModule):
    """Two convolutions and a linear layer.

    Args:
        channels: of the first convolution; the second has twice as many.
        dropout: probability before the linear layer.
        lr: peak learning rate of the one-cycle schedule.
    """

    def __init__(self, channels: int = 32, dropout: float = 0.2, lr: float = 5e-3) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.Conv2d(1, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU(),
            nn.Conv2d(channels, 2 * channels, 3, padding=1), nn.BatchNorm2d(2 * channels), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(dropout), nn.Linear(2 * channels * 16, 10),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Images [B, 1, 8, 8] to logits [B, 10]."""
        logits: Tensor = self.net(x)
        return logits

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Mean cross-entropy of one batch."""
        loss = F.cross_entropy(self(batch[0]), batch[1])
        self.log("train/loss", loss)
        return loss

    def _evaluate(self, batch: tuple[Tensor, Tensor], name: str) -> None:
        logits = self(batch[0])
        self.log(f"{name}/loss", F.cross_entropy(logits, batch[1]))
        self.log(f"{name}/acc", (logits.argmax(1) == batch[1]).float().mean(), prog_bar=True)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Logs ``val/loss`` and ``val/acc``."""
        self._evaluate(batch, "val")

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Logs ``test/loss`` and ``test/acc``."""
        self._evaluate(batch, "test")

    def configure_optimizers(self) -> Any:
        """AdamW with the one-cycle schedule (Smith & Topin, 2018)."""
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.hparams["lr"])
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.hparams["lr"], total_steps=steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
