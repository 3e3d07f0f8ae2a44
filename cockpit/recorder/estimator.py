"""The callback of a dry run: some real steps, some validation batches and one save are timed, then the process ends.

It stands in for the recorder, so that nothing of a dry run reaches a run directory, a tracker or a checkpoint folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial, wraps
from importlib import import_module
from pathlib import Path
from typing import Any

from cockpit.recorder.bridges.own_loop import tripwire
from cockpit.recorder.facts import fit_facts
from cockpit.recorder.measuring import VALIDATIONS, Measuring, fail, median, refuse, synchronise
from cockpit.runs.layout import EstimatePaths

_OF_A_TUNER = (".lr_find_", ".scale_batch_size_")  # what it saves, reads back and removes before the first step


def fit_once(namespace: str, folder: Path) -> None:
    """Trainers of this process reach no tracker, and nothing comes after their first fit, be it by an exception.

    Lightning opens trackers before any hook, so each call gets one that swallows everything. What callbacks write
    beside a tracker's files (LightningCLI its config) goes into ``folder``.
    """
    trainer = import_module(namespace).Trainer
    if getattr(trainer.fit, "once", False):
        return  # a script may make several trainers
    swallows = import_module(f"{namespace}.loggers.logger").DummyLogger
    logger = type("Nowhere", (swallows,), {"save_dir": str(EstimatePaths(folder).tracker)})
    fit = trainer.fit

    @wraps(fit)
    def measured(self: Any, *arguments: Any, **options: Any) -> None:
        self.loggers = [logger()]
        tripwire.disarm()
        try:
            fit(self, *arguments, **options)
        except BaseException as error:
            fail(folder, error)
        # a Tuner fits to look for a rate or a batch size; the training comes afterwards
        if not any(getattr(callback, "_early_exit", False) for callback in self.callbacks):
            refuse(folder, "Its Trainer ended without a step")
        tripwire.arm()

    measured.once = True  # type: ignore[attr-defined]
    trainer.fit = measured
    for name in ("validate", "test", "predict"):  # before the fit, if ever
        setattr(trainer, name, _untracked(getattr(trainer, name), logger))


def _untracked(call: Callable[..., Any], logger: type) -> Callable[..., Any]:
    @wraps(call)
    def untracked(self: Any, *arguments: Any, **options: Any) -> Any:
        own, self.loggers = self.loggers, [logger()]
        try:
            return call(self, *arguments, **options)
        finally:
            self.loggers = own

    return untracked


class EstimatorHooks:
    """Mixed into the ``Callback`` class of whichever Lightning namespace attaches it, in every process."""

    def __init__(self, folder: Path) -> None:
        self._measuring = Measuring(folder)
        self._save: Callable[..., Any] | None = None  # the trainer's own
        self._limit: float = 0  # validation batches, as Lightning takes it
        self._facts: dict[str, Any] = {}
        self._savers: list[dict[str, Any]] = []
        self._validations: list[float] = []  # seconds of each batch
        self._batch = 0.0
        self._measuring.say("preparing")

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """A few batches of each validation are enough, and no callback of the script saves."""
        if stage != "fit":
            return
        if self._save is None:  # else a Tuner has been here
            self._limit, self._save = trainer.limit_val_batches, trainer.save_checkpoint
            trainer.save_checkpoint = partial(_save_for_a_tuner, self._save)
        if self._limit:
            trainer.limit_val_batches = trainer.num_sanity_val_steps = VALIDATIONS
        self._tell(trainer, "setting up")

    def on_validation_batch_start(self, trainer: Any, *_: Any) -> None:
        """Its time begins."""
        if trainer.sanity_checking:
            self._tell(trainer, "validating")
        synchronise(trainer.strategy.root_device)
        self._batch = time.monotonic()

    def on_validation_batch_end(self, trainer: Any, *_: Any) -> None:
        """Its time ends."""
        synchronise(trainer.strategy.root_device)
        if trainer.state.fn == "fit":
            self._validations.append(time.monotonic() - self._batch)

    def on_validation_end(self, *_: Any) -> None:
        """What a validation took is none of the next step's time."""
        self._measuring.rest()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Everything is known but how long a step takes; from here on nothing is saved but by us."""
        self._facts = fit_facts(trainer, pl_module)
        per_epoch, savers = self._facts["steps_per_epoch"], trainer.checkpoint_callbacks
        # one that saves on an exception alone keeps nothing
        self._savers = [_saver(callback, per_epoch) for callback in savers if hasattr(callback, "save_top_k")]
        trainer.callbacks = [callback for callback in trainer.callbacks if callback not in savers]
        self._tell(trainer, "measuring")
        self._measuring.begin(trainer.global_step, trainer.strategy.root_device)

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        """Count optimizer steps, and end after enough of them or after enough time."""
        if not self._measuring.step(trainer.global_step):
            return
        self._tell(trainer, "measuring", self._measuring.count)
        # one process decides, or the others would wait for it in a collective for ever
        if trainer.strategy.broadcast(self._measuring.enough()):
            self._end(trainer)
        self._measuring.rest()

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """The training is shorter than a measurement."""
        self._end(trainer)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """What a run would have died of; nobody else gets to answer it."""
        if trainer.state.fn == "fit":
            fail(self._measuring.folder, exception)

    def _end(self, trainer: Any) -> None:
        self._tell(trainer, "saving", self._measuring.count)
        began = time.monotonic()
        if self._save is not None:
            self._save(self._measuring.paths.checkpoint)
        took = time.monotonic() - began
        validates = self._facts["validate_every"] is not None
        found = {
            **{name: self._facts[name] for name in _KEPT},
            "validation_batches": _batches(trainer.val_dataloaders, self._limit) if self._validations else 0,
            "validation_batch_seconds": median(self._validations),
            "checkpoint_seconds": took,
            "savers": self._savers,
            "left_out": "its validations" if validates and not self._validations else "",
        }
        self._measuring.finish(found, first=trainer.is_global_zero)

    def _tell(self, trainer: Any, phase: str, step: int = 0) -> None:
        if trainer.is_global_zero:
            self._measuring.say(phase, step)


_KEPT = (
    "steps_total", "validate_every", "world_size", "device", "precision", "parameters", "max_seconds", "early_stopping",
)  # fmt: skip


def _save_for_a_tuner(save: Callable[..., Any], path: Any, *words: Any, **options: Any) -> None:
    """Callbacks of the script save nothing; what a Tuner saves it needs, and takes away itself."""
    if Path(path).name.startswith(_OF_A_TUNER):
        save(path, *words, **options)


def _saver(callback: Any, per_epoch: int | None) -> dict[str, int | None]:
    """How often a ModelCheckpoint saves (None: with each validation) and how many files it keeps (None: all)."""
    kept, last = callback.save_top_k, bool(getattr(callback, "save_last", False))
    epochs = getattr(callback, "_every_n_epochs", 1)
    spaced = epochs * per_epoch if epochs > 1 and per_epoch else None
    return {
        "every": getattr(callback, "_every_n_train_steps", 0) or spaced,
        "kept": None if kept == -1 else kept + last,
    }


def _batches(loaders: Any, limit: float) -> int:
    """Batches of a whole validation; those of a loader without a length count as none."""
    several = list(loaders.values()) if isinstance(loaders, dict) else loaders
    total = 0
    for loader in several if isinstance(several, (list, tuple)) else [several]:
        try:
            length = len(loader)
        except TypeError:
            length = limit if isinstance(limit, int) else 0
        total += min(length, limit) if isinstance(limit, int) else int(length * limit)
    return total
