"""The recorder in transformers' ``Trainer``, and in everything built on it: a callback in its list of defaults."""

from __future__ import annotations

import atexit
import functools
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import torch

from cockpit.domain.text import counted
from cockpit.recorder.bridges import transformers_hyperparameters as hyperparameters
from cockpit.recorder.bridges.folder import make_durable
from cockpit.recorder.bridges.transformers_facts import WHY, checkpoint_folder, fit_facts, length, metric_of, names_of
from cockpit.recorder.bridges.wishes import Wishes
from cockpit.recorder.buffer import ScalarBuffer
from cockpit.recorder.claim import claim
from cockpit.recorder.exact import STATE_ONLY
from cockpit.recorder.harmless import Harmless, harmless
from cockpit.recorder.journal import NoJournal, SafeJournal, journal, run_paths, warn
from cockpit.recorder.news import News
from cockpit.recorder.output import outlive_full_disk
from cockpit.recorder.tags import known_tags
from cockpit.recorder.trackers import describe, tellable
from cockpit.runs.checkpoint_folder import bytes_of
from cockpit.runs.layout import ENV_ATTEMPT, RunPaths
from cockpit.runs.process import start_time
from cockpit.runs.scalars import ScalarWriter

_FLUSH_EVERY = 0.25  # seconds
_TIMINGS = ("_runtime", "_per_second")


def attach(module: Any) -> None:
    """Record what the ``Trainer`` of this module will train: its steps' losses, and what its callbacks are told."""
    run, to = run_paths(), journal()
    if run is None:
        return
    hooks = TransformersHooks(run, to or NoJournal(), first=to is not None)
    module.DEFAULT_CALLBACKS.append(type("CockpitCallback", (_Forward, module.TrainerCallback), {"hooks": hooks}))
    module.Trainer.training_step = _tapped(module.Trainer.training_step, hooks.note_loss)
    module.Trainer.train = _witnessed(module.Trainer.train, hooks)


def _tapped(step: Callable[..., Any], note: Callable[[Any], None]) -> Callable[..., Any]:
    """A training step whose loss is noted: no callback is told it."""

    @functools.wraps(step)
    def training_step(*args: Any, **kwargs: Any) -> Any:
        loss = step(*args, **kwargs)
        note(loss)
        return loss

    return training_step


def _witnessed(train: Callable[..., Any], hooks: TransformersHooks) -> Callable[..., Any]:
    """A training whose trainer is known, and whose end by an exception is told: no callback hears of either."""

    @functools.wraps(train)
    def witnessed(trainer: Any, *args: Any, **kwargs: Any) -> Any:
        hooks.trainer = trainer
        try:
            return train(trainer, *args, **kwargs)
        except BaseException as error:
            hooks.failed(error)
            raise
        finally:
            hooks.trainer = None
            hooks.wishes.close()

    return witnessed


class _Forward:
    """What transformers makes an instance of, once for each of its trainers; all of them speak to the same hooks."""

    hooks: TransformersHooks

    def on_train_begin(self, args: Any, state: Any, control: Any, **have: Any) -> None:
        self.hooks.begin(args, state, have)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **have: Any) -> None:
        self.hooks.epoch(state)

    def on_step_end(self, args: Any, state: Any, control: Any, **have: Any) -> None:
        self.hooks.after_step(state, have)
        self.hooks.wishes.after_step(state, control, have)

    def on_prediction_step(self, args: Any, state: Any, control: Any, **have: Any) -> None:
        self.hooks.validating(state, have)

    def on_evaluate(self, args: Any, state: Any, control: Any, **have: Any) -> None:
        self.hooks.validated(state, have.get("metrics") or {})

    def on_log(self, args: Any, state: Any, control: Any, **have: Any) -> None:
        self.hooks.logged(state, have.get("logs") or {})

    def on_save(self, args: Any, state: Any, control: Any, **have: Any) -> None:
        self.hooks.saved(args, state)
        self.hooks.wishes.after_save(args, state, control, self.hooks.problem)

    def on_train_end(self, args: Any, state: Any, control: Any, **have: Any) -> None:
        self.hooks.end(state)


class TransformersHooks(Harmless):
    """Writes one training down.

    Args:
        run: where.
        journal: of the first process; silent in the others.
        first: whether this is the first process.
    """

    def __init__(self, run: RunPaths, journal: SafeJournal, *, first: bool) -> None:
        super().__init__(journal)
        self._run, self._first = run, first
        self.wishes = Wishes(run, journal)
        self._news: News | None = None
        self.trainer: Any = None  # that trains now
        self._buffer: ScalarBuffer | None = None
        self._loss: Any = None  # sum over the batches of the step under way
        self._tapped = False  # whether the step before told its loss
        self._validation: float | None = None  # when the one under way began
        self._flushed = 0.0
        self._step = 0  # at the last flush
        self.problem = ""  # with the last checkpoint

    @harmless
    def begin(self, args: Any, state: Any, have: dict[str, Any]) -> None:
        """The first step comes next."""
        if self._first and not claim(self._run, "transformers"):
            warn("another training of this script is being recorded; this one goes on unrecorded")
            return
        if self.trainer is not None:
            hyperparameters.restore(self.trainer)
        self.wishes.begin(args, state, self.trainer)
        if not self._first:
            return
        if self._buffer is None:
            outlive_full_disk()
            self._buffer = ScalarBuffer(ScalarWriter(self._run.scalars), self._journal, known_tags(self._run))
            atexit.register(self._buffer.flush, wait=True)
        attempt = int(os.environ.get(ENV_ATTEMPT, "1"))
        self._journal.write(
            "attach", attempt=attempt, pid=os.getpid(), start_time=start_time(os.getpid()),
            python=platform.python_version(), torch=torch.__version__, transformers=version("transformers"),
        )  # fmt: skip
        if attempt > 1 or self._buffer.tag_count:
            self._buffer.mark_attempt(state.global_step, time.time(), attempt)
        for name in ("train/loss", "lr", "grad_norm"):
            self._buffer.tag(name)
        self._news, self._step = None, state.global_step
        told = fit_facts(args, state, have) | hyperparameters.facts(self.trainer)
        self._journal.write("fit_start", loggers=names_of(self._reporters()), **told)

    @harmless
    def epoch(self, state: Any) -> None:
        """An epoch begins, or a resume goes on in one."""
        if self._buffer is not None:
            self._journal.write("epoch", epoch=int(state.epoch or 0), step=state.global_step)

    @harmless
    def note_loss(self, loss: Any) -> None:
        """Of one batch, as it comes back from the training step; detached already."""
        if self._buffer is not None:
            self._loss = loss if self._loss is None else self._loss + loss

    @harmless
    def after_step(self, state: Any, have: dict[str, Any]) -> None:
        """An optimizer step is done."""
        buffer, step = self._buffer, state.global_step
        if buffer is not None:
            self._tapped = isinstance(self._loss, torch.Tensor)
            if self._tapped:
                buffer.add(step, time.time(), buffer.tag("train/loss"), self._loss)
            self._loss = None
            now = time.monotonic()
            if now - self._flushed >= _FLUSH_EVERY:
                self._flushed, self._step = now, step
                scheduler = have.get("lr_scheduler")
                if scheduler is not None:
                    buffer.add_number(step, time.time(), buffer.tag("lr"), float(scheduler.get_last_lr()[0]))
                buffer.flush()
                self._pass_on(step)

    def _reporters(self) -> list[Any]:
        """The callbacks that ``report_to`` has brought, and the script's own of their kind."""
        return list(getattr(getattr(self.trainer, "callback_handler", None), "callbacks", ()))

    @harmless
    def _pass_on(self, step: int) -> None:
        """To the trackers, which begin after our own callback has heard of the beginning."""
        if self._news is None:
            reporters = self._reporters()
            for tracker in filter(None, map(describe, filter(tellable, reporters))):
                self._journal.write("tracker", **asdict(tracker))
            self._news = News(self._run, reporters)
        self._news.after_step(step)

    @harmless
    def _pass_on_the_rest(self, step: int) -> None:
        if self._news is not None:
            self._news.end(step)

    @harmless
    def validating(self, state: Any, have: dict[str, Any]) -> None:
        """A batch of a validation; nobody says that one begins."""
        if self._validation is None and self._buffer is not None:
            self._validation = time.monotonic()
            batches = length(have.get("eval_dataloader"))
            self._journal.write(
                "validation_start", step=state.global_step, epoch=int(state.epoch or 0), batches=batches, sanity=False
            )

    @harmless
    def validated(self, state: Any, metrics: dict[str, Any]) -> None:
        """A validation is done."""
        if self._buffer is None:
            return
        values = {
            name: float(value)
            for name, value in metrics.items()
            if isinstance(value, int | float) and name.startswith("eval_") and not name.endswith(_TIMINGS)
        }
        began, self._validation = self._validation, None
        self._journal.write(
            "validation_end", step=state.global_step, epoch=int(state.epoch or 0), metrics=values,
            seconds=time.monotonic() - began if began is not None else None, sanity=False,
        )  # fmt: skip
        for name, value in values.items():
            self._buffer.add_number(state.global_step, time.time(), self._buffer.tag(name), value)
        self._buffer.flush()

    @harmless
    def logged(self, state: Any, logs: dict[str, Any]) -> None:
        """Whatever else it logs; the loss only where no step has told it."""
        buffer = self._buffer
        if buffer is None:
            return
        for name, value in logs.items():
            known = {"learning_rate": "lr", "loss": "" if self._tapped else "train/loss", "epoch": ""}
            tag = known.get(name, name)
            skipped = not tag or name.startswith(("eval_", "train_")) or name.endswith(_TIMINGS)
            if not skipped and isinstance(value, int | float):
                buffer.add_number(state.global_step, time.time(), buffer.tag(tag), float(value))

    @harmless
    def saved(self, args: Any, state: Any) -> None:
        """A checkpoint lies on the disk."""
        if not self._first or self._buffer is None:
            return
        self.problem = "it could not be read back and told"  # what holds where this fails
        folder, began = checkpoint_folder(args, state), time.monotonic()
        self._buffer.flush(wait=True)
        problem = make_durable(folder)
        metric = metric_of(args.metric_for_best_model)
        value = state.log_history[-1].get(metric) if metric and state.log_history else None
        event = {"step": state.global_step, "epoch": int(state.epoch or 0), "path": str(folder)}
        if problem:
            self._journal.write("checkpoint_failed", message=problem, **event)
        else:
            self._journal.write(
                "checkpoint", durable=True, bytes=bytes_of(folder), seconds=time.monotonic() - began,
                metric=metric or None, value=value, kind=self.wishes.kind, finite=None, guarantee=STATE_ONLY,
                guarantee_reason=WHY, changes=hyperparameters.requests_in_force(self.trainer), **event,
            )  # fmt: skip
        self.problem = problem

    @harmless
    def failed(self, error: BaseException) -> None:
        """An exception leaves ``train()``, which may not have come to its first step."""
        if not self._first or not claim(self._run, "transformers"):
            return
        if self._buffer is not None:
            self._buffer.flush(wait=True)
        self._journal.write_exception(error)
        self.wishes.over()
        self._pass_on_the_rest(self._step)

    @harmless
    def end(self, state: Any) -> None:
        """The loop is through, or was told to stop."""
        if self._buffer is None:
            return
        self.wishes.over()
        self._buffer.flush(wait=True)
        reason, detail = self.wishes.ending or ("finished", f"{counted(state.global_step, 'step')} done")
        self._journal.write("end", durable=True, reason=reason, step=state.global_step, detail=detail)
        self._pass_on_the_rest(state.global_step)
