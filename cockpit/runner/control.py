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
from cockpit.runs.fold import integer, text
from cockpit.runs.journal import Event
from cockpit.runs.layout import RunPaths
from cockpit.runs.life import remaining
from cockpit.runs.process import boot_id, start_time, status
from cockpit.runs.runner_fold import read_runner

_TITLE = "Nothing was signalled"
_ROUNDS = 5  # a worker may be forked while the others are being listed


def terminate(run: RunPaths, by: str) -> int:
    """Ask the trainer to end (SIGTERM); a suspended one is continued, or it would not hear. Gives its pid.

    Raises:
        NotPossible: there is no trainer that can safely be signalled; says why.
    """
    launched = launched_trainer(run)
    with _opened(launched) as pidfd, _noted(run, launched, signal.SIGTERM, by):
        _send(pidfd, signal.SIGTERM)
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGCONT)
    _signal_others(run, launched, signal.SIGCONT)  # a trainer waits for its data workers before it saves
    return int(launched["pid"])


def suspend(run: RunPaths) -> None:
    """Suspend the trainer and all its processes (SIGSTOP).

    Raises:
        NotPossible: there is no trainer that can safely be signalled; says why.
    """
    launched = launched_trainer(run)
    with _opened(launched) as pidfd:
        _send(pidfd, signal.SIGSTOP)
    for _ in range(_ROUNDS):
        if not _signal_others(run, launched, signal.SIGSTOP):
            break


def unsuspend(run: RunPaths, by: str) -> None:
    """Let a suspended trainer and all its processes go on (SIGCONT); it needs no runner.

    Raises:
        NotPossible: there is no trainer that can safely be signalled; says why.
    """
    launched = launched_trainer(run)
    _signal_others(run, launched, signal.SIGCONT)
    with _opened(launched) as pidfd, _noted(run, launched, signal.SIGCONT, by):
        _send(pidfd, signal.SIGCONT)


class TrainerGone(NotPossible):
    """The process that was launched has ended; others of its may live."""


def kill(run: RunPaths, by: str) -> tuple[int, ...]:
    """Kill the trainer and all its processes (SIGKILL) at once; nothing is saved. Gives their pids.

    Where its exit is on record, or is being recorded, those that it has left are killed.

    Raises:
        NotPossible: there is no trainer that can safely be signalled; says why.
    """
    if left := left_behind(run):
        return tuple(member.pid for member in left if signal_member(member, signal.SIGKILL))
    launched = launched_trainer(run)
    trainer = Member(int(launched["pid"]), int(launched["start_time"]))
    family, killed = members(run, trainer.pid, trainer.start_time), []
    try:
        with _opened(launched) as pidfd:
            family = members(run, trainer.pid, trainer.start_time)
            with _noted(run, launched, signal.SIGKILL, by):
                _send(pidfd, signal.SIGKILL)
            killed.append(trainer.pid)
    except TrainerGone:
        if not family:
            raise
    for _ in range(_ROUNDS):
        others = [member for member in family if member.pid != trainer.pid]
        if not others:
            break
        killed += [m.pid for m in others if m.pid not in killed and signal_member(m, signal.SIGKILL)]
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
        case "zombie":  # its pid stays its own until its runner has taken note
            os.close(pidfd)
            raise TrainerGone(f"The trainer (pid {pid}) has already exited", _TITLE)
        case "gone" if start_time(pid) is not None:
            reason = f"pid {pid} now belongs to another process; the trainer is gone"
        case "gone":
            reason = f"The trainer (pid {pid}) is gone"
    os.close(pidfd)
    raise NotPossible(reason, _TITLE)


def signal_member(member: Member, number: signal.Signals) -> bool:
    """Signal a process of a trainer, if it still is the one that was listed; whether it got the signal."""
    try:
        pidfd = os.pidfd_open(member.pid)
    except OSError:
        return False
    try:
        if status(member.pid, member.start_time) == "gone":
            return False
        signal.pidfd_send_signal(pidfd, number)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(pidfd)


def read_sender(run: RunPaths, attempt: int, number: int) -> str:
    """Who sent an attempt's trainer that signal through cockpit; empty if nobody did."""
    try:
        note = json.loads(run.signal_note(attempt, signal.Signals(number).name).read_bytes())
        return text(note.get("by"))
    except (OSError, ValueError, AttributeError):
        return ""


def launched_trainer(run: RunPaths) -> Event:
    """The launch of a trainer whose exit is not on record.

    Raises:
        NotPossible: there is none.
    """
    history = read_runner(run)
    if history.launched is None:
        raise NotPossible(f"{run.id} was never launched", _TITLE)
    if history.exit is not None:
        raise NotPossible(f"The trainer of {run.id} has already exited", _TITLE)
    return history.launched


def left_behind(run: RunPaths) -> list[Member]:
    """The processes that the latest exit on record has left and that live, each known by its start time."""
    history = read_runner(run)
    left = remaining(history.launched, history.exit)
    started = dict(zip(*((history.exit or {}).get(name, []) for name in ("left", "left_start_times")), strict=False))
    return [Member(pid, int(started[pid])) for pid in left]


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


def _signal_others(run: RunPaths, launched: Event, number: signal.Signals) -> int:
    """Signal the trainer's other processes, for SIGSTOP only those that still run; gives how many got it."""
    trainer = int(launched["pid"])
    others = [m for m in members(run, trainer, int(launched["start_time"])) if m.pid != trainer]
    waiting = [m for m in others if number != signal.SIGSTOP or status(m.pid, m.start_time) != "stopped"]
    return sum(signal_member(member, number) for member in waiting)
