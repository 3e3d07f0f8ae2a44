"""A dry run of transformers' ``Trainer``: some real steps, some batches of an evaluation and one save are timed.

Its arguments and callbacks are those of the script, but nothing is saved, evaluated or tracked by their settings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from cockpit.recorder.bridges.own_loop import tripwire
from cockpit.recorder.bridges.transformers_facts import fit_facts, kind_of, length
from cockpit.recorder.bridges.transformers_hyperparameters import stoppers
from cockpit.recorder.measuring import VALIDATIONS, Measuring, dry_run_folder, fail, median, refuse, synchronise


def attach(module: Any) -> None:
    """Measure the first training of the ``Trainer`` of this module; nothing comes after it."""
    trainer, trackers = module.Trainer, _trackers()
    callback = type("CockpitEstimator", (EstimatorHooks, module.TrainerCallback), {})
    trainer.__init__ = _made(trainer.__init__, trackers)
    trainer.train = _once(trainer.train, trackers, callback)


def _trackers() -> tuple[type, ...]:
    return tuple(import_module("transformers.integrations").INTEGRATION_TO_CALLBACK.values())


def _made(make: Callable[..., None], trackers: tuple[type, ...]) -> Callable[..., None]:
    """A trainer that is made without its trackers; an output folder made for it goes again while it is empty."""

    @wraps(make)
    def __init__(self: Any, *words: Any, **options: Any) -> None:  # noqa: N807 - that is what it is
        Measuring(dry_run_folder()).say("preparing")
        given = options.get("args") or next((word for word in words if hasattr(word, "output_dir")), None)
        absent = list(_absent(Path(given.output_dir).absolute())) if given is not None else []
        make(self, *words, **options)
        _silence(self, trackers)
        for folder in absent:
            with suppress(OSError):  # not made, or the script has put something in it
                folder.rmdir()

    return __init__


def _absent(folder: Path) -> Iterator[Path]:
    """This folder and those above it, as far as they do not exist."""
    while not folder.exists():
        yield folder
        folder = folder.parent


def _silence(trainer: Any, trackers: tuple[type, ...]) -> None:
    handler = trainer.callback_handler
    handler.callbacks = [callback for callback in handler.callbacks if not isinstance(callback, trackers)]


def _once(train: Callable[..., Any], trackers: tuple[type, ...], callback: type) -> Callable[..., Any]:
    """A training that ends the process."""

    @wraps(train)
    def measured(self: Any, *words: Any, **options: Any) -> None:
        tripwire.disarm()
        try:
            _silence(self, trackers)
            handler = self.callback_handler
            # behind all others, it has the last word on what a step leads to
            handler.callbacks.append(callback(self))
            self.args.eval_on_start = self.args.push_to_hub = False
            self._save_checkpoint = self.save_model = _nothing
            train(self, *words, **options)
        except BaseException as error:
            fail(dry_run_folder(), error)
        refuse(dry_run_folder(), "Its Trainer ended without a step")

    return measured


def _nothing(*_: Any, **__: Any) -> None:
    """Callbacks of the script save nothing either."""


class EstimatorHooks:
    """Mixed into transformers' ``TrainerCallback``, in every process."""

    def __init__(self, trainer: Any) -> None:
        self._trainer, self._measuring = trainer, Measuring(dry_run_folder())
        self._facts: dict[str, Any] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **have: Any) -> None:
        """Everything is known but how long a step takes."""
        self._facts = fit_facts(args, state, have)
        # at the end of a training, older checkpoints beside the best one would be removed
        args.output_dir = str(self._measuring.paths.checkpoint)
        self._tell(state, "measuring")
        self._measuring.begin(state.global_step, args.device)

    def on_step_end(self, args: Any, state: Any, control: Any, **have: Any) -> None:
        """An optimizer step is done; end after enough of them, after enough time, or with the training."""
        self._measuring.step(state.global_step)
        self._tell(state, "measuring", self._measuring.count)
        last = state.global_step >= state.max_steps > 0
        if self._agreed(self._measuring.enough()) or last:
            self._end(state)
        _step_on(control)
        self._measuring.rest()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **have: Any) -> None:
        """Nothing is saved or evaluated for it."""
        _step_on(control)

    def on_train_end(self, args: Any, state: Any, control: Any, **have: Any) -> None:
        """The training is shorter than a measurement."""
        self._end(state)

    def _agreed(self, mine: bool) -> bool:
        """What the first process says: the others would wait for it in a collective for ever."""
        if self._trainer.args.world_size == 1:
            return mine
        said = [mine]
        torch.distributed.broadcast_object_list(said, src=0)
        return said[0]

    def _end(self, state: Any) -> None:
        args = self._trainer.args
        batches, seconds, left_out = self._evaluated(state)
        self._tell(state, "saving", self._measuring.count)
        began = time.monotonic()
        del self._trainer._save_checkpoint, self._trainer.save_model  # those of its class
        self._trainer._save_checkpoint(self._trainer.model, None)
        took = time.monotonic() - began
        self._trainer.accelerator.wait_for_everyone()
        found = {
            **{name: self._facts[name] for name in _KEPT},
            "world_size": args.world_size * max(1, args.n_gpu),  # one process may feed several
            "early_stopping": bool(stoppers(self._trainer)),
            "validation_batches": batches,
            "validation_batch_seconds": seconds,
            "checkpoint_seconds": took,
            "savers": _savers(args, self._facts["checkpoint_every"]),
            "left_out": left_out,
        }
        self._measuring.finish(found, first=state.is_world_process_zero)

    def _evaluated(self, state: Any) -> tuple[int, float | None, str]:
        """Batches of a whole evaluation, seconds of one, and what of it is not in them."""
        trainer = self._trainer
        if kind_of(trainer.args.eval_strategy) == "no":
            return 0, None, ""
        self._tell(state, "validating")
        loaders = list(self._loaders())
        batches = sum(length(loader) or 0 for loader in loaders)
        seconds = [each for loader in loaders for each in self._batches(loader)]
        if not batches:
            return 0, None, "its evaluations: their length is not known"
        return batches, median(seconds), "the metrics of its evaluations" if trainer.compute_metrics else ""

    def _loaders(self) -> Iterator[Any]:
        several = self._trainer.eval_dataset
        for each in several.values() if isinstance(several, dict) else [several]:
            yield self._trainer.get_eval_dataloader(each)

    def _batches(self, loader: Any) -> Iterator[float]:
        """Seconds of a few batches."""
        trainer = self._trainer
        model = trainer.model_wrapped.eval()
        began = time.monotonic()
        for inputs in islice(loader, VALIDATIONS):
            trainer.prediction_step(model, inputs, trainer.compute_metrics is None or trainer.args.prediction_loss_only)
            synchronise(trainer.args.device)
            yield time.monotonic() - began
            began = time.monotonic()

    def _tell(self, state: Any, phase: str, step: int = 0) -> None:
        if state.is_world_process_zero:
            self._measuring.say(phase, step)


_KEPT = ("steps_total", "validate_every", "device", "precision", "parameters", "max_seconds")


def _step_on(control: Any) -> None:
    control.should_save = control.should_evaluate = False


def _savers(args: Any, every: int | None) -> list[dict[str, int | None]]:
    """How often it saves (None: with each evaluation, at most) and how many folders it keeps (None: all)."""
    return [] if kind_of(args.save_strategy) == "no" else [{"every": every, "kept": args.save_total_limit}]
