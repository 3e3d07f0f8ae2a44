"""What people and the system ask of a training: request files and signals, looked at between two steps."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from cockpit.recorder.journal import SafeJournal
from cockpit.recorder.tags import answered_requests
from cockpit.runs import requests
from cockpit.runs.layout import RunPaths
from cockpit.runs.requests import Request

_CATCHABLE = (signal.SIGTERM, signal.SIGINT)
_PREEMPTION = signal.SIGUSR1  # what `sbatch --signal=USR1@…` sends ahead of the time limit
_SLURM = "SLURM_JOB_ID"
_TICK = 1_000_000_000  # nanoseconds in which a second change of a folder may leave its time of change the same


class StopTraining(SystemExit):
    """Ends the process from between two steps, after a checkpoint; no traceback, loggers are closed."""


class Heard(NamedTuple):
    """A request, and whether it was meant for an earlier attempt: for all processes, the one that read it says so."""

    request: Request
    stale: bool


class Inbox:
    """Requests that no attempt has answered. A look costs one ``stat`` unless something new lies there."""

    def __init__(self, run: RunPaths, begun: float) -> None:
        self._run, self._begun = run, begun
        self._answered: set[str] | None = None  # or about to be; read where the first request is
        self._changed = -1

    def new(self) -> list[Heard]:
        """Requests that were not returned before, oldest first."""
        try:
            changed = os.stat(self._run.requests).st_mtime_ns
        except OSError:
            return []
        if changed == self._changed:
            return []
        self._changed = changed if time.time_ns() - changed > _TICK else -1
        if self._answered is None:
            self._answered = answered_requests(self._run)
        found = requests.pending(self._run, self._answered)
        self._answered.update(request.id for request in found)
        return [Heard(request, request.time < self._begun) for request in found]


def answerable(heard: Iterable[Heard], trainer: str, verbs: tuple[str, ...], journal: SafeJournal) -> list[Request]:
    """The requests that this attempt can do something about; the others are refused.

    Args:
        heard: what was asked.
        trainer: whose loop it is, for a person.
        verbs: what can be asked of it.
        journal: where a refusal is told.
    """
    found = []
    for request, stale in heard:
        if request.verb not in verbs:
            journal.acknowledge([request], False, requests.unknown(request, trainer, verbs))
        elif stale:
            journal.acknowledge([request], False, "sent before this attempt began")
        else:
            found.append(request)
    return found


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
