"""Signals to a trainer, sent only to the very process that was launched, through a pidfd.

A pid alone can by now belong to somebody else: the descriptor is opened first and the identity checked after,
so that what is checked is what gets the signal.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cockpit.domain.run import SCHEMA
from cockpit.errors import NotPossible
from cockpit.runner.family import Member, members
from cockpit.runs.atomic import write_atomic
from cockpit.runs.fold import RunnerFold, integer, text
from cockpit.runs.journal import Event, JournalTail
from cockpit.runs.layout import RunPaths
from cockpit.runs.process import boot_id, start_time, status

_TITLE = "Nothing was signalled"
_ROUNDS = 5  # a worker may be forked while the others are being listed


def terminate(run: RunPaths, by: str) -> int:
    """Ask the trainer to end (SIGTERM); a suspended one is continued, or it would not hear. Gives its pid.

    Raises:
        NotPossible: there is no trainer that can safely be signalled; says why.
    """
    launched = _launched(run)
    with _opened(launched) as pidfd, _noted(run, launched, signal.SIGTERM, by):
        _send(pidfd, signal.SIGTERM)
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGCONT)
    return int(launched["pid"])


def kill(run: RunPaths, by: str) -> tuple[int, ...]:
    """Kill the trainer and all its processes (SIGKILL) at once; nothing is saved. Gives their pids.

    Raises:
        NotPossible: there is no trainer that can safely be signalled; says why.
    """
    launched = _launched(run)
    trainer = Member(int(launched["pid"]), int(launched["start_time"]))
    with _opened(launched) as pidfd:
        family = members(run, trainer.pid, trainer.start_time)
        with _noted(run, launched, signal.SIGKILL, by):
            _send(pidfd, signal.SIGKILL)
    killed = [trainer.pid]
    for _ in range(_ROUNDS):
        others = [member for member in family if member.pid != trainer.pid]
        if not others:
            break
        killed += [member.pid for member in others if member.pid not in killed and _kill(member)]
        family = members(run, trainer.pid, trainer.start_time)
    return tuple(killed)


def open_trainer(launched: Event) -> int:
    """A pidfd of the process that a ``launched`` event names; the caller closes it.

    Raises:
        NotPossible: it runs elsewhere, is gone, or its pid now belongs to another process; says which.
    """
    pid, started, host = integer(launched.get("pid")), integer(launched.get("start_time")), text(launched.get("host"))
    if pid is None or pid <= 0 or started is None:
        raise NotPossible("The launch did not record which process it started", _TITLE)
    if host != os.uname().nodename:
        raise NotPossible(f"The trainer runs on {host}, not on this host", _TITLE, f"Do it on {host}")
    if launched.get("boot_id") != boot_id():
        raise NotPossible("This machine was restarted since; the trainer is gone", _TITLE)
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        raise NotPossible(f"The trainer (pid {pid}) is gone", _TITLE) from None
    except OSError as error:
        raise NotPossible(f"pid {pid} cannot be opened: {error.strerror}", _TITLE) from None
    match status(pid, started):
        case "running" | "stopped":
            return pidfd
        case "zombie":
            reason = f"The trainer (pid {pid}) has already exited"
        case "gone" if start_time(pid) is not None:
            reason = f"pid {pid} now belongs to another process; the trainer is gone"
        case "gone":
            reason = f"The trainer (pid {pid}) is gone"
    os.close(pidfd)
    raise NotPossible(reason, _TITLE)


def read_sender(run: RunPaths, attempt: int, number: int) -> str:
    """Who sent an attempt's trainer that signal through cockpit; empty if nobody did."""
    try:
        note = json.loads(run.signal_note(attempt, signal.Signals(number).name).read_bytes())
        return text(note.get("by"))
    except (OSError, ValueError, AttributeError):
        return ""


def _launched(run: RunPaths) -> Event:
    history = RunnerFold()
    for event in JournalTail(run.runner_journal).poll()[0]:
        history.apply(event)
    if history.launched is None:
        raise NotPossible(f"{run.id} was never launched", _TITLE)
    if history.exit is not None:
        raise NotPossible(f"The trainer of {run.id} has already exited", _TITLE)
    return history.launched


@contextmanager
def _opened(launched: Event) -> Iterator[int]:
    pidfd = open_trainer(launched)
    try:
        yield pidfd
    finally:
        os.close(pidfd)


@contextmanager
def _noted(run: RunPaths, launched: Event, number: signal.Signals, by: str) -> Iterator[None]:
    """Leave word for the runner, which records it with the exit: its journal has one writer."""
    note = _write_note(run, integer(launched.get("attempt")) or 1, number, by)
    try:
        yield
    except NotPossible:
        if note is not None:
            note.unlink(missing_ok=True)
        raise


def _write_note(run: RunPaths, attempt: int, number: signal.Signals, by: str) -> Path | None:
    path = run.signal_note(attempt, number.name)
    try:
        write_atomic(path, json.dumps({"schema": SCHEMA, "t": time.time(), "signal": number.name, "by": by}))
    except OSError:
        return None  # A full disk must not keep a person from ending what fills it.
    return path


def _send(pidfd: int, number: signal.Signals) -> None:
    try:
        signal.pidfd_send_signal(pidfd, number)
    except ProcessLookupError:
        raise NotPossible("The trainer has exited meanwhile", _TITLE) from None
    except PermissionError:
        raise NotPossible("The trainer belongs to another user", _TITLE, "Ask its owner, or root") from None


def _kill(member: Member) -> bool:
    try:
        pidfd = os.pidfd_open(member.pid)
    except OSError:
        return False
    try:
        if status(member.pid, member.start_time) == "gone":
            return False
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(pidfd)
