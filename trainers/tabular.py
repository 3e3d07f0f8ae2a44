"""Regression or classification of a CSV: the data pipeline at its simplest, and a small network behind it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from lightning.pytorch import LightningDataModule, LightningModule
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from cockpit.recorder.sampler import EpochSampler
from cockpit.recorder.stages import stages
from trainers import pipeline, table

EXAMPLE = "diabetes.csv"


class Table(LightningDataModule):
    """The rows of a CSV.

    Args:
        csv: the file; by default scikit-learn's diabetes study, written to ``data/raw/diabetes.csv``.
        target: the column to predict.
        task: what it is: a number, or one of several classes.
        categorical: columns of numbers that are names; text is without being listed.
        batch_size: rows per batch.
        data: where raw and processed data are kept.
        seed: of split and order.
    """

    def __init__(
        self,
        csv: str | None = None,
        target: str = "target",
        task: Literal["regression", "classification"] = "regression",
        categorical: list[str] | None = None,
        batch_size: int = 32,
        data: str = "data",
        seed: int = 42,
    ) -> None:
        super().__init__()
        self.target, self.task, self.categorical = target, task, categorical or []
        self.batch_size, self.seed, self.data = batch_size, seed, Path(data)
        self.csv = Path(csv) if csv else self.data / "raw" / EXAMPLE
        self._example = csv is None

    def prepare_data(self) -> None:
        """The first four steps; a second start finds the cache and reads nothing again."""
        if self._example and not self.csv.exists():
            table.write_example(self.csv)
        facts = self.csv.stat()
        file = pipeline.RawFile(str(self.csv), facts.st_size, facts.st_mtime_ns)
        settings: dict[str, object] = {
            "target": self.target, "task": self.task, "categorical": self.categorical, "seed": self.seed
        }  # fmt: skip
        self.folder = self.data / "processed" / pipeline.fingerprint([file], settings)
        pipeline.cache(self.folder, self._build)

    def _build(self, folder: Path) -> None:
        frame = table.read_table(self.csv, self.target)
        assigned = np.array(list(pipeline.split(table.row_digests(frame), 0.15, 0.15, self.seed, "row").values()))
        inputs, target = frame.drop(columns=self.target), frame[[self.target]]
        columns = table.learn_columns(inputs[assigned == "train"], self.categorical)
        names = [self.target] if self.task == "classification" else []
        (answer,) = table.learn_columns(target[assigned == "train"], names)
        x, y = table.encode(inputs, columns), table.encode(target, [answer])
        stages().report("data", "preprocess", "done", detail=f"{len(columns)} columns, {x.shape[1]} inputs")
        for name in pipeline.SPLITS:
            np.savez(folder / f"{name}.npz", x=x[assigned == name], y=y[assigned == name])
        learnt = {"inputs": [dataclasses.asdict(column) for column in columns], "target": dataclasses.asdict(answer)}
        (folder / "columns.json").write_text(json.dumps(learnt, indent=1) + "\n")

    @property
    def fingerprint(self) -> str:
        """Of the table and the settings that the cached data were made from."""
        return self.folder.name

    def setup(self, stage: str | None = None) -> None:
        """Load the three matrices, and what an answer of the network means."""
        self.answer = json.loads((self.folder / "columns.json").read_bytes())["target"]
        self.sets = {}
        for name in pipeline.SPLITS:
            with np.load(self.folder / f"{name}.npz") as arrays:
                self.sets[name] = TensorDataset(torch.from_numpy(arrays["x"]), torch.from_numpy(arrays["y"]))

    def train_dataloader(self) -> DataLoader[Any]:
        """Step 5: batches ([B, inputs], [B, outputs]), in an order a resume can continue."""
        rows = self.sets["train"]
        stages().report("data", "build loaders", "done", detail=f"{len(rows):,} rows in batches of {self.batch_size}")
        sampler = EpochSampler(len(rows), self.batch_size, self.seed)
        generator = torch.Generator().manual_seed(self.seed)
        return DataLoader(rows, self.batch_size, sampler=sampler, drop_last=True, generator=generator)

    def val_dataloader(self) -> DataLoader[Any]:
        """The validation rows, in one batch."""
        return self._whole("val")

    def test_dataloader(self) -> DataLoader[Any]:
        """The test rows, in one batch."""
        return self._whole("test")

    def _whole(self, name: str) -> DataLoader[Any]:
        rows = self.sets[name]
        return DataLoader(rows, max(1, len(rows)), generator=torch.Generator().manual_seed(self.seed))


class Perceptron(LightningModule):
    """A multi-layer perceptron, as wide as the table needs.

    Args:
        hidden: units of each hidden layer.
        dropout: probability after each of them.
        lr: peak learning rate of the one-cycle schedule.
        weight_decay: of AdamW.
    """

    def __init__(
        self, hidden: tuple[int, ...] = (64, 64), dropout: float = 0.2, lr: float = 3e-3, weight_decay: float = 0.01
    ) -> None:
        super().__init__()
        self.save_hyperparameters()

    def configure_model(self) -> None:
        """The layers, once the table has been read."""
        if hasattr(self, "net"):
            return
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        self.deviation = data.answer.get("deviation")  # of the target in its own unit; None for classes
        x, y = data.sets["train"].tensors
        layers: list[nn.Module] = []
        width = x.shape[1]
        for units in self.hparams["hidden"]:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(self.hparams["dropout"])]
            width = units
        self.net = nn.Sequential(*layers, nn.Linear(width, y.shape[1]))
        count = sum(p.numel() for p in self.parameters())
        detail = f"{type(self).__name__}, {x.shape[1]} inputs, {count:,} parameters"
        stages().report("training", "initialise model", "done", detail=detail)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs] to [B, outputs]: the standardised target, or logits."""
        answers: Tensor = self.net(x)
        return answers

    def _loss(self, answers: Tensor, y: Tensor) -> Tensor:
        """Mean squared error in units of the target's variance, or mean cross-entropy."""
        return F.cross_entropy(answers, y) if self.deviation is None else F.mse_loss(answers, y)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """The loss of one batch."""
        loss = self._loss(self(batch[0]), batch[1])
        self.log("train/loss", loss)
        return loss

    def _evaluate(self, batch: tuple[Tensor, Tensor], name: str) -> None:
        answers, y = self(batch[0]), batch[1]
        loss = self._loss(answers, y)
        self.log(f"{name}/loss", loss)
        if self.deviation is None:
            self.log(f"{name}/acc", (answers.argmax(1) == y.argmax(1)).float().mean(), prog_bar=True)
        else:
            self.log(f"{name}/rmse", self.deviation * loss.sqrt(), prog_bar=True)
            self.log(f"{name}/r2", 1 - loss / y.var(correction=0), prog_bar=True)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Logs ``val/loss``, and ``val/acc`` or ``val/rmse`` (in the target's unit) and ``val/r2``."""
        self._evaluate(batch, "val")

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Logs the same for the test rows."""
        self._evaluate(batch, "test")

    def configure_optimizers(self) -> Any:
        """AdamW with the one-cycle schedule (Smith & Topin, 2018)."""
        lr, decay = self.hparams["lr"], self.hparams["weight_decay"]
        optimizer = torch.optim.AdamW(self.parameters(), lr=lr, weight_decay=decay)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
