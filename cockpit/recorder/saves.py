"""Every save of a training in the journal, with what its checkpoint is worth; and the saves that were asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from cockpit.recorder.durable import DurableSave
from cockpit.recorder.exact import UNSAFE, Guarantee, guarantee, guarantee_of_save
from cockpit.recorder.hyperparameters import requests_in_force
from cockpit.recorder.journal import SafeJournal, warn
from cockpit.recorder.stages import stages
from cockpit.runs.layout import RunPaths


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a save: the error, or the checkpoint's path (as the journal has it), size and state."""

    error: str
    path: str = ""
    bytes: int | None = None
    verified: bool = False  # read back whole


class SaveLog:
    """Watches the saves of one training.

    Args:
        run: where checkpoints belong.
        journal: where they are told.
    """

    def __init__(self, run: RunPaths, journal: SafeJournal) -> None:
        self.count = 0
        self.last_step = -1
        self._run, self._journal = run, journal
        self._kind = "saved"
        self._limit: Guarantee | None = None
        self._worth: tuple[bool, Guarantee] | None = None  # of the checkpoint being saved: finite, guarantee
        self._result = Saved("")

    def adopt(self, trainer: Any) -> None:
        """Make the saves of ``trainer`` durable, and bring home those that have no folder of their own."""
        for callback in trainer.checkpoint_callbacks:
            if getattr(callback, "dirpath", "") is None:
                callback.dirpath = str(self._run.checkpoints)
        trainer.strategy.checkpoint_io = DurableSave(
            trainer.strategy.checkpoint_io,
            saving=partial(self._on_saving, trainer),
            saved=partial(self._on_saved, trainer),
            failed=self._on_failed,
            removed=lambda path: self._journal.write("checkpoint_gone", path=self._relative(path)),
        )

    def weigh(self, trainer: Any, checkpoint: dict[str, Any]) -> None:
        """Look at a checkpoint before it is written; not called for one that holds weights alone."""
        worth = self._limit or guarantee_of_save(trainer) or guarantee(trainer)
        self._worth = weights_are_finite(checkpoint), worth

    def save(self, trainer: Any, kind: str, limit: Guarantee | None = None) -> Saved:
        """Save a checkpoint of its own; every process of the training has to call it.

        Args:
            trainer: whose state.
            kind: ``requested``, ``stopped`` or ``interrupted``.
            limit: the guarantee, where this moment allows less than the training does.
        """
        self._kind, self._limit, self._result = kind, limit, Saved("")
        name = f"{kind}-epoch={trainer.current_epoch}-step={trainer.global_step}.ckpt"
        path = str(self._run.checkpoints / name)
        try:
            trainer.save_checkpoint(path, weights_only=False)
        except Exception as error:  # a module may hold what cannot be pickled
            self._on_failed(path, error)
        self._kind, self._limit = "saved", None
        return self._result

    def _relative(self, path: str) -> str:
        """A path as the journal has it: relative to the run where it lies in there; an address as it is."""
        if "://" in path:
            return path
        place, root = Path(path).absolute(), self._run.root.absolute()
        return str(place.relative_to(root) if place.is_relative_to(root) else place)

    def _on_saving(self, trainer: Any, path: str) -> None:
        step, epoch = trainer.global_step, trainer.current_epoch
        self._journal.write("saving", path=self._relative(path), step=step, epoch=epoch)

    def _on_saved(self, trainer: Any, path: str, count: int | None, seconds: float, verified: bool) -> None:
        saver = next(iter(trainer.checkpoint_callbacks), None)
        metric = getattr(saver, "monitor", None)
        value = trainer.callback_metrics.get(metric) if metric else None
        finite, (level, why) = self._worth or (None, (UNSAFE, "it holds weights alone: no optimizer, no counters"))
        self._worth = None
        self._result = Saved("", self._relative(path), count, verified)
        self.count += 1
        self.last_step = trainer.global_step
        self._journal.write(
            "checkpoint", durable=True, path=self._result.path, step=trainer.global_step, epoch=trainer.current_epoch,
            bytes=count, seconds=seconds, metric=metric, value=None if value is None else float(value),
            kind=self._kind, finite=finite, guarantee=level, guarantee_reason=why, changes=requests_in_force(trainer),
        )  # fmt: skip
        stages().report("training", "save checkpoints", detail=f"{self.count} saved, last {Path(path).name}")

    def _on_failed(self, path: str, error: Exception) -> None:
        self._result = Saved(f"{type(error).__name__}: {error}")
        self._worth = None
        self._journal.write("checkpoint_failed", path=self._relative(path), message=self._result.error)
        warn(f"checkpoint {Path(path).name} was not saved ({error}); training goes on, and no older one is removed")


def weights_are_finite(checkpoint: dict[str, Any]) -> bool:
    """Whether no weight of a Lightning checkpoint is NaN or infinite; sharded weights are left out."""
    weights = checkpoint.get("state_dict") or {}
    return all(
        bool(value.isfinite().all())
        for value in weights.values()
        if isinstance(value, torch.Tensor) and value.is_floating_point() and not hasattr(value, "device_mesh")
    )
