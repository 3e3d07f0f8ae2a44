"""Journal events folded into what is known so far; one small method per event."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cockpit.domain.run import Best, Checkpoint, NonFinite, Stage
from cockpit.domain.state import State
from cockpit.runs.journal import Event, read_number

_PHASES_KEPT = 64  # intervals that interrupted stepping, enough to cover the steps an ETA looks at


def integer(value: object) -> int | None:
    """``value`` if it is a whole number, else None: journals are data from outside."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text(value: object) -> str:
    """``value`` if it is text, else nothing."""
    return value if isinstance(value, str) else ""


class Validation(NamedTuple):
    """What a validation found; a long run has thousands of them."""

    step: int | None
    epoch: int | None
    metrics: Mapping[str, float]


@dataclass
class TrainerFold:
    """What the trainer's journal has told."""

    attempt: int = 0
    attached: float | None = None
    last_sign: float | None = None
    fit: Event = field(default_factory=dict)  # the latest fit_start
    fit_time: float | None = None
    epoch: int | None = None
    epoch_step: int | None = None
    phase: State | None = None
    phase_since: float | None = None
    phase_done: int | None = None
    phase_total: int | None = None
    paused_since: float | None = None
    pauses: list[tuple[float, float | None]] = field(default_factory=list)  # None: the attempt ended in it
    breaks: list[tuple[float, float]] = field(default_factory=list)
    validation_seconds: list[float] = field(default_factory=list)
    checkpoint_seconds: list[float] = field(default_factory=list)
    last_validation_step: int | None = None
    validations: list[Validation] = field(default_factory=list)
    tags: dict[int, str] = field(default_factory=dict)
    stages: dict[tuple[str, int], Stage] = field(default_factory=dict)
    stage: Stage | None = None
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    save_error: str = ""  # why the latest save failed
    nonfinite: list[NonFinite] = field(default_factory=list)
    acknowledged: dict[str, Event] = field(default_factory=dict)
    end: Event | None = None
    exception: str = ""
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
        self._end_pause(None)
        self.phase, self.end, self.exception, self.traceback = None, None, "", ""

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

    def _on_epoch(self, event: Event) -> None:
        self.epoch, self.epoch_step = integer(event.get("epoch")), integer(event.get("step"))
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
        found = {
            sys.intern(name): value
            for name, figure in (metrics.items() if isinstance(metrics, dict) else ())
            if (value := read_number(figure)) is not None
        }
        self.validations.append(Validation(self.last_validation_step, integer(event.get("epoch")), found))

    def _on_saving(self, event: Event) -> None:
        self._enter_phase(State.SAVING)

    def _on_checkpoint(self, event: Event) -> None:
        self._leave_phase()
        seconds = read_number(event.get("seconds"))
        if seconds is not None:
            self.checkpoint_seconds.append(seconds)
        path = text(event.get("path"))
        kind = text(event.get("kind"))
        self.save_error = ""
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
        )

    def _on_checkpoint_gone(self, event: Event) -> None:
        self.checkpoints.pop(text(event.get("path")), None)

    def _on_checkpoint_failed(self, event: Event) -> None:
        self._leave_phase()
        self.save_error = text(event.get("message")) or "not told"

    def _on_nonfinite(self, event: Event) -> None:
        step = integer(event.get("step")) or 0
        self.nonfinite.append(NonFinite(step, text(event.get("what")), self._now()))

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
        if not any(name in validation.metrics for validation in self.validations):
            return checkpoint.value
        at = (v.metrics[name] for v in self.validations if v.step == checkpoint.step and name in v.metrics)
        return next(at, None)

    def best(self) -> Best | None:
        """The monitored metric where a validation found it best."""
        newest = self.validations[-1].metrics if self.validations else {}
        monitor = text(self.fit.get("monitor"))
        if monitor not in newest:
            monitor = next((n for n in ("val/loss", "val_loss") if n in newest), "")
        mode = text(self.fit.get("mode")) or "min"
        known = [v for v in self.validations if not math.isnan(v.metrics.get(monitor, math.nan))]
        if not known:
            return None
        best = (max if mode == "max" else min)(known, key=lambda v: v.metrics[monitor])
        return Best(monitor, best.metrics[monitor], best.step, best.epoch, mode)


@dataclass
class RunnerFold:
    """What the runner's journal has told."""

    launches: list[Event] = field(default_factory=list)
    exits: list[Event] = field(default_factory=list)
    host_tags: dict[int, Event] = field(default_factory=dict)
    gpu_error: str = ""

    def apply(self, event: Event) -> None:
        """Take one event in."""
        match event["event"]:
            case "launched":
                self.launches.append(event)
            case "exit":
                self.exits.append(event)
            case "host_tag":
                tag = integer(event.get("tag"))
                if tag is not None:
                    self.host_tags[tag] = event
            case "gpu_error":
                self.gpu_error = text(event.get("message"))

    @property
    def launched(self) -> Event | None:
        """The latest launch."""
        return self.launches[-1] if self.launches else None

    @property
    def exit(self) -> Event | None:
        """The exit of the latest launch, if it was recorded."""
        began = read_number(self.launches[-1].get("t")) if self.launches else None
        if began is None:
            return None
        return next((e for e in reversed(self.exits) if (read_number(e.get("t")) or 0.0) >= began), None)

    def active_seconds(self, now: float, pauses: Sequence[tuple[float, float | None]] = ()) -> float:
        """Wall time inside attempts less the pauses; an attempt whose end nobody recorded counts up to the next."""
        total = 0.0
        for index, launch in enumerate(self.launches):
            began = read_number(launch.get("t")) or now
            following = self.launches[index + 1 :][:1]
            limit = (read_number(following[0].get("t")) or now) if following else now
            ended = next((t for e in self.exits if began <= (t := read_number(e.get("t")) or 0.0) <= limit), limit)
            held = sum(min(until or ended, ended) - since for since, until in pauses if began <= since <= ended)
            total += max(0.0, ended - began - held)
        return total
