"""Journal events folded into what is known so far; one small method per event."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from cockpit.domain.curves import pick
from cockpit.domain.line import Line
from cockpit.domain.run import VALIDATION_LOSS, Best, Checkpoint, NonFinite, Stage
from cockpit.domain.state import State
from cockpit.domain.trackers import Tracker
from cockpit.runs.journal import Event, JournalTail, read_number, texts
from cockpit.runs.layout import RunPaths

_PHASES_KEPT = 64  # intervals that interrupted stepping, enough to cover the steps an ETA looks at
_CHANGED = ("hyperparameters", "steps_total", "epochs_total", "validate_every", "checkpoint_every")  # of a fit_start,
# that a person may change later


def integer(value: object) -> int | None:
    """``value`` if it is a whole number, else None: journals are data from outside."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text(value: object) -> str:
    """``value`` if it is text, else nothing."""
    return value if isinstance(value, str) else ""


def _lately() -> deque[float]:
    """As many durations as tell what the next of its kind will take."""
    return deque(maxlen=8)


class Validation(NamedTuple):
    """What a validation found; a long run has thousands of them, a dictionary each would be half of what they take."""

    step: int | None
    epoch: int | None
    names: tuple[str, ...]  # of the metrics; one and the same tuple as long as they stay the same
    values: tuple[float, ...]
    time: float  # seconds since the epoch

    def value(self, name: str) -> float | None:
        """Of the metric ``name``; None where it was not measured."""
        return self.values[self.names.index(name)] if name in self.names else None


@dataclass
class TrainerFold:
    """What the trainer's journal has told."""

    attempt: int = 0
    attached: float | None = None
    listens: bool = False  # it reads requests
    last_sign: float | None = None
    fit: Event = field(default_factory=dict)  # the latest fit_start
    fit_time: float | None = None
    epoch: int | None = None
    phase: State | None = None
    phase_since: float | None = None
    phase_done: int | None = None
    phase_total: int | None = None
    paused_since: float | None = None
    pauses: list[tuple[float, float | None]] = field(default_factory=list)  # None: the attempt ended in it
    breaks: list[tuple[float, float]] = field(default_factory=list)
    validation_seconds: deque[float] = field(default_factory=_lately)
    checkpoint_seconds: deque[float] = field(default_factory=_lately)
    last_validation_step: int | None = None
    validations: list[Validation] = field(default_factory=list)
    tags: dict[int, str] = field(default_factory=dict)
    stages: dict[tuple[str, int], Stage] = field(default_factory=dict)
    stage: Stage | None = None
    trackers: dict[tuple[str, str], Tracker] = field(default_factory=dict)  # by kind, and id or place
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    save_error: str = ""  # why the latest save failed
    nonfinite: list[NonFinite] = field(default_factory=list)
    acknowledged: dict[str, Event] = field(default_factory=dict)
    line: Line = field(default_factory=Line)  # what happened to the counter of a loop
    weighed: Event | None = None  # the latest measurement of how far a step moves each layer
    end: Event | None = None
    exception: str = ""
    exception_time: float = 0.0
    traceback: str = ""

    def apply(self, event: Event) -> None:
        """Take one event in; unknown ones are left alone (a newer recorder may write more)."""
        self.last_sign = read_number(event.get("t")) or self.last_sign
        handler = getattr(self, f"_on_{event['event']}", None)
        if handler is not None:
            handler(event)

    def _now(self) -> float:
        return self.last_sign or 0.0

    def _on_attach(self, event: Event) -> None:
        self.attempt = integer(event.get("attempt")) or self.attempt + 1
        self.attached = self._now()
        self.listens = event.get("listens") is not False
        self._end_pause(None)
        self.phase, self.end, self.exception, self.traceback = None, None, "", ""

    def _on_listening(self, event: Event) -> None:
        self.listens = True

    def _on_line(self, event: Event) -> None:
        self.line = Line.of(event)

    def _on_stage(self, event: Event) -> None:
        stage = Stage(
            pipeline=text(event.get("pipeline")),
            index=integer(event.get("index")) or 0,
            of=integer(event.get("of")) or 0,
            name=text(event.get("name")),
            status=text(event.get("status")),
            detail=text(event.get("detail")),
            done=integer(event.get("done")),
            total=integer(event.get("total")),
            time=self._now(),
        )
        self.stages[stage.pipeline, stage.index] = stage
        self.stage = stage

    def _on_tag(self, event: Event) -> None:
        tag = integer(event.get("tag"))
        if tag is not None:
            self.tags[tag] = text(event.get("name"))

    def _on_fit_start(self, event: Event) -> None:
        self.fit, self.fit_time = event, self._now()
        self.epoch = integer(event.get("epoch"))
        self.phase = None
        step = integer(event.get("step")) or 0
        self.validations = [v for v in self.validations if (v.step or 0) <= step]
        self.nonfinite = [each for each in self.nonfinite if each.step <= step]
        if self.weighed is not None and (integer(self.weighed.get("step")) or 0) > step:
            self.weighed = None

    def _on_tracker(self, event: Event) -> None:
        told = Tracker(*(text(event.get(name)) for name in ("kind", "place", "id", "group", "link")))
        self.trackers[told.kind, told.id or told.place] = told

    def _on_epoch(self, event: Event) -> None:
        self.epoch = integer(event.get("epoch"))
        self._leave_phase()

    def _on_validation_start(self, event: Event) -> None:
        self._enter_phase(State.VALIDATING)
        self.phase_done, self.phase_total = 0, integer(event.get("batches"))

    def _on_progress(self, event: Event) -> None:
        self.phase_done = integer(event.get("done"))
        self.phase_total = integer(event.get("total")) or self.phase_total

    def _on_validation_end(self, event: Event) -> None:
        self._leave_phase()
        if event.get("sanity"):
            return
        self.last_validation_step = integer(event.get("step"))
        self.validation_seconds.append(read_number(event.get("seconds")) or 0.0)
        metrics = event.get("metrics")
        found = [
            (name, value)
            for name, figure in (metrics.items() if isinstance(metrics, dict) else ())
            if (value := read_number(figure)) is not None
        ]
        names, values = tuple(name for name, _ in found), tuple(value for _, value in found)
        if self.validations and names == self.validations[-1].names:
            names = self.validations[-1].names
        epoch = integer(event.get("epoch"))
        self.validations.append(Validation(self.last_validation_step, epoch, names, values, self._now()))

    def _on_saving(self, event: Event) -> None:
        self._enter_phase(State.SAVING)

    def _on_checkpoint(self, event: Event) -> None:
        self._leave_phase()
        seconds = read_number(event.get("seconds"))
        if seconds is not None:
            self.checkpoint_seconds.append(seconds)
        kind = text(event.get("kind"))
        self.save_error = ""
        if not (path := text(event.get("path"))):
            return  # else the run's own folder would be taken for one
        self.checkpoints[path] = Checkpoint(
            path=path,
            name=path.rsplit("/", 1)[-1],
            step=integer(event.get("step")),
            epoch=integer(event.get("epoch")),
            metric=text(event.get("metric")) or None,
            value=read_number(event.get("value")),
            bytes=integer(event.get("bytes")),
            time=self._now(),
            seconds=seconds,
            attempt=self.attempt,
            roles=(kind,) if kind in ("requested", "stopped", "interrupted") else (),
            finite=finite if isinstance(finite := event.get("finite"), bool) else None,
            guarantee=(level, text(event.get("guarantee_reason"))) if (level := text(event.get("guarantee"))) else None,
            changes=texts(event.get("changes")),
        )

    def _on_checkpoint_gone(self, event: Event) -> None:
        self.checkpoints.pop(text(event.get("path")), None)

    def _on_checkpoint_failed(self, event: Event) -> None:
        self._leave_phase()
        self.save_error = text(event.get("message")) or "not told"

    def _on_nonfinite(self, event: Event) -> None:
        step = integer(event.get("step")) or 0
        if text(event.get("what")) == "grad_norm" and self.fit.get("scaler"):
            return  # a GradScaler skips that step, which is how it finds its scale
        self.nonfinite.append(NonFinite(step, text(event.get("what")), self._now()))

    def _on_hyperparameters(self, event: Event) -> None:
        self.fit = self.fit | {name: event[name] for name in _CHANGED if name in event}

    def _on_weights(self, event: Event) -> None:
        self.weighed = event

    def _on_ack(self, event: Event) -> None:
        self.acknowledged[text(event.get("request"))] = event
        if not event.get("ok"):
            return
        if event.get("verb") == "pause" and self.paused_since is None:
            self._enter_phase(State.PAUSED)
            self.paused_since = self._now()
        elif event.get("verb") == "continue":
            self._end_pause(self._now())
            self._leave_phase()

    def _on_exception(self, event: Event) -> None:
        self.exception_time = self._now()
        self.exception = f"{text(event.get('type'))}: {text(event.get('message'))}"
        self.traceback = text(event.get("traceback"))
        self.phase = None

    def _on_end(self, event: Event) -> None:
        self.end = event
        self.phase = None

    def _enter_phase(self, phase: State) -> None:
        if self.phase is None:
            self.phase_since = self._now()
        self.phase = phase
        self.phase_done = self.phase_total = None

    def _leave_phase(self) -> None:
        if self.phase is not None and self.phase_since is not None:
            self.breaks.append((self.phase_since, self._now()))
            del self.breaks[:-_PHASES_KEPT]
        self.phase = None
        if self.paused_since is not None:  # saved while it is held
            self.phase, self.phase_since = State.PAUSED, self.paused_since

    def _end_pause(self, until: float | None) -> None:
        if self.paused_since is not None:
            self.pauses.append((self.paused_since, until))
        self.paused_since = None

    def all_pauses(self) -> list[tuple[float, float | None]]:
        """From when until when it was held; None where it still is, or its attempt ended before it went on."""
        return self.pauses + ([(self.paused_since, None)] if self.paused_since is not None else [])

    def value_of(self, checkpoint: Checkpoint) -> float | None:
        """What a checkpoint scored: a metric of validations counts only where one was run at its very step.

        Lightning hands every save the latest value, which before a validation is that of older weights.
        """
        name = checkpoint.metric or ""
        if not any(name in validation.names for validation in self.validations):
            return checkpoint.value
        return next((v.value(name) for v in self.validations if v.step == checkpoint.step and name in v.names), None)

    def best(self) -> Best | None:
        """The monitored metric where a validation found it best."""
        newest = self.validations[-1].names if self.validations else ()
        monitor = text(self.fit.get("monitor"))
        if monitor not in newest:
            monitor = next((n for n in VALIDATION_LOSS if n in newest), None) or pick(newest).val or ""
        mode = text(self.fit.get("mode")) or "min"
        known = [
            (value, v) for v in self.validations if (value := v.value(monitor)) is not None and not math.isnan(value)
        ]
        if not known:
            return None
        value, at = (max if mode == "max" else min)(known, key=lambda pair: pair[0])
        return Best(monitor, value, at.step, at.epoch, mode)


def read_trainer(run: RunPaths) -> TrainerFold:
    """What the trainer's journal of a run tells as of now."""
    history = TrainerFold()
    for event in JournalTail(run.journal).poll()[0]:
        history.apply(event)
    return history
