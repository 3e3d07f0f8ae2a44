"""The one journal writer of this process, shared by everything that reports from inside a trainer."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.domain.secrets import redactor
from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import ENV_RUN_DIR, RunPaths

if TYPE_CHECKING:
    from cockpit.runs.requests import Request

_RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")  # what launchers set; Lightning reads the same
_WORDS = ("message", "traceback", "detail")  # fields that may hold whatever somebody's exception says
_MESSAGE, _TRACEBACK = 500, 8000  # characters that are kept of an exception
_MOST_WAITING = 10_000  # events; the oldest are lost when a disk stays full for longer


class SafeJournal:
    """A journal that never ends a training: what finds a full disk is told once on stderr and waits for room."""

    def __init__(self, writer: JournalWriter) -> None:
        self._writer = writer
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque(maxlen=_MOST_WAITING)
        self._warned = False
        self._without_secrets = redactor(os.environ)

    def write(self, event: str, /, *, durable: bool = False, **fields: Any) -> None:
        """Append one event, after those that could not be written before; or keep it for the next time."""
        told = {name: self._without_secrets(str(fields[name])) for name in _WORDS if name in fields}
        self._waiting.append((event, {"t": time.time(), **fields, **told}))
        try:
            while self._waiting:
                name, values = self._waiting[0]
                self._writer.write(name, durable=durable, **values)
                self._waiting.popleft()
        except OSError as error:
            if not self._warned:
                warn(f"cannot write the journal ({error}); training goes on")
            self._warned = True

    def acknowledge(self, asked: Iterable[Request], ok: bool, detail: str, **saved: Any) -> None:
        """Append the answer to each of these requests, with the checkpoint that was ``saved`` for it."""
        for each in asked:
            self.write("ack", request=each.id, verb=each.verb, ok=ok, detail=detail, by=each.by, **saved)

    def write_exception(self, error: BaseException) -> None:
        """Append what ended a training, with the end of its traceback."""
        kind, message, told = told_of(error)
        self.write("exception", durable=True, type=kind, message=message, traceback=told)


def told_of(error: BaseException) -> tuple[str, str, str]:
    """Its class, its message and the end of its traceback; not yet without secrets."""
    return type(error).__name__, str(error)[:_MESSAGE], "".join(traceback.format_exception(error))[-_TRACEBACK:]


class NoJournal(SafeJournal):
    """For processes that tell nothing: all of a training but the first."""

    def __init__(self) -> None:
        pass

    def write(self, event: str, /, *, durable: bool = False, **fields: Any) -> None:
        """Leave it untold."""


def warn(message: str) -> None:
    """Say it on stderr, unless that cannot be written either: its file may lie on the same full disk."""
    with suppress(OSError):
        print(f"cockpit: {message}", file=sys.stderr, flush=True)


def run_paths() -> RunPaths | None:
    """The run this process belongs to; None where no cockpit is listening."""
    folder = os.environ.get(ENV_RUN_DIR)
    return RunPaths(Path(folder)) if folder else None


@cache
def journal() -> SafeJournal | None:
    """The journal of this process; None without a run, in every process of a training but the first, and where it
    cannot be opened: the run directory is gone, or its disk is full.
    """
    run = run_paths()
    if run is None or any(os.environ.get(name, "0") != "0" for name in _RANKS):
        return None
    try:
        return SafeJournal(JournalWriter(run.journal))
    except OSError as error:
        warn(f"the journal cannot be opened ({error}); training goes on unrecorded")
        return None
