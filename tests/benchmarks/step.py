"""What a training step costs: bare, with the recorder, and with TensorBoardLogger logging every step."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from table import Row, median
from torch.utils.data import DataLoader, TensorDataset

from cockpit.recorder.autoload import attach, exact_resume
from cockpit.recorder.journal import SafeJournal
from cockpit.recorder.recorder import RecorderHooks
from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import RunPaths

STEPS, WARM = 2_000, 200


class Toy(LightningModule):
    """So small that a step is nearly all Lightning: about half a millisecond."""

    def __init__(self, *, logs: bool) -> None:
        super().__init__()
        self.net, self.logs = torch.nn.Linear(16, 1), logs

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        """Squared error."""
        loss = ((self.net(batch[0]) - batch[1]) ** 2).mean()
        if self.logs:
            self.log("train/loss", loss)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Plain gradient descent."""
        return torch.optim.SGD(self.parameters(), lr=1e-3)


class Stopwatch(Callback):
    """Seconds per step once everything is warm."""

    began = seconds = 0.0

    def on_train_batch_start(self, trainer: Trainer, module: LightningModule, batch: Any, batch_idx: int) -> None:
        """The clock runs from the first warm step."""
        if batch_idx == WARM:
            self.began = time.perf_counter()

    def on_train_end(self, trainer: Trainer, module: LightningModule) -> None:
        """Until the last."""
        self.seconds = (time.perf_counter() - self.began) / (STEPS - WARM)


def measure(place: Path, rounds: int) -> list[Row]:
    """The rows, by alternating fits of the three kinds."""
    torch.set_num_threads(1)
    bare, recorded, logged = [], [], []
    for number in range(rounds):
        bare.append(_seconds_per_step(place))
        run = RunPaths(place / f"run-{number}")
        run.root.mkdir(parents=True)
        recorder = attach("Recorder", RecorderHooks, Callback)(run, SafeJournal(JournalWriter(run.journal)))
        recorded.append(_seconds_per_step(place, recorder, exact_resume(Callback)))
        logged.append(_seconds_per_step(place, logger=TensorBoardLogger(str(place), version=f"tb-{number}")))
    a, b, c = (1e6 * median(values) for values in (bare, recorded, logged))
    ours, theirs = b - a, c - a
    return [
        Row("recorder, per step", f"+{ours:.0f} µs", "TensorBoardLogger every step", f"+{theirs:.0f} µs",
            f"1/{theirs / ours:.0f}", "≤ 1/20", ours * 20 <= theirs),
        Row("recorder, share of a step", f"{ours / a:.1%}", "bare step", f"{a:.0f} µs", "", "≤ 5 %", ours <= 0.05 * a),
    ]  # fmt: skip


def _seconds_per_step(place: Path, *ours: Callback, logger: TensorBoardLogger | None = None) -> float:
    x = torch.randn(STEPS * 4, 16, generator=torch.Generator().manual_seed(0))
    loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=4)
    watch = Stopwatch()
    trainer = Trainer(
        max_steps=STEPS, accelerator="auto", devices=1, logger=logger or False, log_every_n_steps=1,
        default_root_dir=place,
        callbacks=[watch, *ours], enable_progress_bar=False, enable_model_summary=False,
        enable_checkpointing=False,
    )  # fmt: skip
    trainer.fit(Toy(logs=logger is not None), loader)
    return watch.seconds
