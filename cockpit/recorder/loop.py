"""The recorder of a training loop that is nobody's framework: figures in, stop requests out. Imports no torch."""

from __future__ import annotations

import atexit
import dataclasses
import math
import os
import platform
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from cockpit.domain.curves import is_validation
from cockpit.domain.run import NONFINITE_NAMED
from cockpit.recorder.claim import LOOP, claim
from cockpit.recorder.counter import Counter
from cockpit.recorder.harmless import Harmless, harmless
from cockpit.recorder.journal import SafeJournal, warn
from cockpit.recorder.tags import answered_requests, known_line, known_tags
from cockpit.runs import requests
from cockpit.runs.checkpoint_folder import bytes_of
from cockpit.runs.layout import ENV_ATTEMPT, RunPaths
from cockpit.runs.process import start_time
from cockpit.runs.scalars import ATTEMPT, Scalar, ScalarWriter

_FLUSH_EVERY = 0.25  # seconds
_MOST_WAITING = 100_000  # scalars that wait for room on the disk


class Loop(Harmless):
    """Writes one loop down; nothing it does may end it.

    Args:
        run: where.
        journal: of this process.
    """

    def __init__(self, run: RunPaths, journal: SafeJournal) -> None:
        super().__init__(journal)
        self._run = run
        self._begun = time.time()
        self._attempt = int(os.environ.get(ENV_ATTEMPT, "1"))
        self._tags = known_tags(run)
        self._writer = ScalarWriter(run.scalars)
        self._ready: list[Scalar] = []
        self._flushed = self._looked = 0.0
        self._no_numbers: set[str] = set()  # names that came with something else
        self._named = 0  # non-finite values told
        self._counter = Counter(known_line(run))
        self._line = self._counter.line  # as it was last told
        self._again = self._attempt > 1 or bool(self._tags)  # what an earlier attempt did beyond here is redone
        self._total: int | None = None
        self._step = 0
        self._answered = answered_requests(run)
        self._stop: list[requests.Request] = []
        self._broke = self._fitting = self._stopping = False
        self._journal.write(
            "attach", attempt=self._attempt, pid=os.getpid(), start_time=start_time(os.getpid()),
            python=platform.python_version(), torch=getattr(sys.modules.get("torch"), "__version__", None),
            listens=False,
        )  # fmt: skip
        self._except, sys.excepthook = sys.excepthook, self._on_exception
        atexit.register(self._close)

    @property
    def gave_way(self) -> bool:
        """Whether a trainer in this process is being recorded whole."""
        return not claim(self._run, LOOP)

    @harmless
    def add(self, step: int, values: Mapping[str, Any]) -> None:
        """Keep figures of a step: numbers, or tensors of one element; whatever else is told once and left out."""
        step = int(step)
        if not self._fitting:
            self._begin(self._counter.at(step))
        now = time.time()
        numbers = {name: number for name, value in values.items() if (number := self._number(name, value)) is not None}
        laid = self._lay(step, numbers, now)
        self._step = step = max(laid.values(), default=self._counter.at(step))
        for name, number in numbers.items():
            if name not in self._tags:
                self._tags[name] = len(self._tags)
                self._journal.write("tag", tag=self._tags[name], name=name)
            self._ready.append((laid[name], now, number, self._tags[name], 0))
            if not math.isfinite(number) and self._named < NONFINITE_NAMED:
                self._named += 1
                self._journal.write("nonfinite", step=step, what=name, value=number)
        if validated := {name: number for name, number in numbers.items() if is_validation(name)}:
            self._journal.write("validation_end", step=step, epoch=None, metrics=validated, seconds=None, sanity=False)
        if now - self._flushed >= _FLUSH_EVERY:
            self._flushed = now
            self.flush()

    def _lay(self, step: int, tags: Iterable[str], now: float) -> dict[str, int]:
        """Where a step of these tags lies on the line of all steps; what is redone from there on is marked."""
        laid, redone = self._counter.lay(step, tags)
        for name, first in redone.items():
            self._ready.append((first - 1, now, float(self._attempt), ATTEMPT, self._tags[name] + 1))
        if self._counter.line != self._line:
            self._line = self._counter.line
            self._journal.write("line", **dataclasses.asdict(self._line))
        return laid

    def _number(self, name: str, value: Any) -> float | None:
        try:
            return float(value)
        except (TypeError, ValueError, RuntimeError, OverflowError):
            if name not in self._no_numbers:
                self._no_numbers.add(name)
                warn(f"emit: {name} is no number but {type(value).__name__}; it is left out")
            return None

    @harmless
    def total(self, steps: int) -> None:
        """How many steps there will be."""
        self._total = int(steps)
        if self._fitting:
            self._begin(self._step)

    def _begin(self, step: int) -> None:
        if self._again:
            self._ready.append((max(0, step - 1), time.time(), float(self._attempt), ATTEMPT, 0))
        self._fitting, self._again = True, False
        self._journal.write(
            "fit_start", step=step, epoch=None, steps_total=self._total, device="", guarantee="state only",
            guarantee_reason="its own loop restores what it restores; cockpit cannot look into it",
        )  # fmt: skip

    @harmless
    def checkpoint(self, path: str, step: int) -> None:
        """A checkpoint was saved by the loop."""
        place = Path(path).absolute()
        size, step = bytes_of(place), self._counter.at(step)
        self._journal.write(
            "checkpoint", durable=True, path=str(place), step=step, bytes=size, kind="saved", finite=None
        )
        stop, self._stop = self._stop, []
        for request in stop:
            self._journal.acknowledge([request], True, f"at step {step}", path=str(place), bytes=size)

    def should_stop(self) -> bool:
        """Whether somebody asked for the end."""
        if time.monotonic() - self._looked >= _FLUSH_EVERY:
            self._look()
        return self._stopping

    @harmless
    def _look(self) -> None:
        """Take note of a stop; other requests are refused, as a loop has no way to do them."""
        if not self._looked:
            self._journal.write("listening")
        self._looked = time.monotonic()
        for request in requests.pending(self._run, self._answered):
            self._answered.add(request.id)
            if request.time < self._begun:
                self._journal.acknowledge([request], False, "sent before this attempt began")
            elif request.verb == "stop":
                self._stop.append(request)
                self._stopping = True
                self._journal.write("end", durable=True, reason="stopped", step=self._step, detail=self._stopped())
            else:
                self._journal.acknowledge([request], False, "a loop of one's own can only be asked to stop")

    def flush(self) -> None:
        """Write what is there."""
        try:
            self._writer.write(self._ready)
        except OSError:
            del self._ready[:-_MOST_WAITING]
            return
        self._ready.clear()

    def _stopped(self) -> str:
        return f"asked to stop at step {self._step}; its loop decides what is saved"

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._broke = True
        self._record_exception(error)
        self._except(kind, error, trace)

    @harmless
    def _record_exception(self, error: BaseException) -> None:
        if not self.gave_way:
            self.flush()
            self._journal.write_exception(error)

    @harmless
    def _close(self) -> None:
        if self.gave_way:
            return
        self.flush()
        for request in self._stop:
            self._journal.acknowledge([request], True, self._stopped())
        if not self._broke and not self._stopping:
            detail = f"the script ended after step {self._step}"
            self._journal.write("end", durable=True, reason="finished", step=self._step, detail=detail)


def loop_of(run: RunPaths | None, journal: SafeJournal | None) -> Loop | None:
    """The recorder of this process's loop; None where nobody listens, or where something else records."""
    if run is None or journal is None:
        return None
    try:
        return Loop(run, journal) if claim(run, LOOP) else None
    except Exception as error:
        warn(f"the loop cannot be recorded ({error}); it goes on")
        return None
