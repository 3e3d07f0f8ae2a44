"""What people and the system ask of a training: request files and signals, looked at between two steps."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from cockpit.runs import requests
from cockpit.runs.layout import RunPaths
from cockpit.runs.requests import Request

_CATCHABLE = (signal.SIGTERM, signal.SIGINT)
_PREEMPTION = signal.SIGUSR1  # what `sbatch --signal=USR1@…` sends ahead of the time limit
_SLURM = "SLURM_JOB_ID"
_TICK = 1_000_000_000  # nanoseconds in which a second change of a folder may leave its time of change the same


class StopTraining(SystemExit):
    """Ends the process from between two steps, after a checkpoint; no traceback, loggers are closed."""


class Inbox:
    """Requests not yet applied. A look costs one ``stat`` unless something new lies there."""

    def __init__(self, run: RunPaths, begun: float) -> None:
        self._run, self._begun = run, begun
        self._seen: set[str] = set()
        self._changed = -1

    def new(self) -> list[Request]:
        """Requests that were not returned before, oldest first."""
        try:
            changed = os.stat(self._run.requests).st_mtime_ns
        except OSError:
            return []
        if changed == self._changed:
            return []
        self._changed = changed if time.time_ns() - changed > _TICK else -1
        found = [request for request in requests.pending(self._run) if request.id not in self._seen]
        self._seen.update(request.id for request in found)
        return found

    def is_stale(self, request: Request) -> bool:
        """Whether it was meant for an earlier attempt."""
        return request.time < self._begun


class Signals:
    """Turns SIGTERM, SIGINT and SLURM's notice into a wish to stop at the next step.

    A user's own handler stays in force, and for SLURM's notice Lightning's too: it queues the job again.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._replaced: dict[int, Any] = {}

    def install(self) -> None:
        """Take over the default handlers and Lightning's, which ends without a checkpoint; a thread cannot."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _CATCHABLE:
            current = signal.getsignal(number)
            if current in (signal.SIG_DFL, signal.default_int_handler) or _is_lightnings(current):
                self._replaced[number] = signal.signal(number, self._note)
        if _SLURM in os.environ and signal.getsignal(_PREEMPTION) is signal.SIG_DFL:
            self._replaced[_PREEMPTION] = signal.signal(_PREEMPTION, self._note)

    def restore(self) -> None:
        """Put back what was there."""
        for number, handler in self._replaced.items():
            if signal.getsignal(number) == self._note:
                signal.signal(number, handler)
        self._replaced.clear()

    def _note(self, number: int, _: Any) -> None:
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = number


def _is_lightnings(handler: Callable[..., Any] | int | None) -> bool:
    return type(handler).__module__.startswith(("lightning.", "pytorch_lightning."))
