"""The locks that keep a second runner and a second trainer out of a run directory."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from cockpit.errors import RunInUse
from cockpit.runs.fold import integer
from cockpit.runs.layout import RunPaths
from cockpit.runs.process import boot_id, status
from cockpit.runs.runner_fold import RunnerFold

_RETRY = 0.05  # seconds
RUNNER_PATIENCE = 5.0  # seconds a runner may take to write its handoff after the exit
TRAINER_PATIENCE = 10.0  # seconds: orphaned data workers hold the lock until their 5 s watch for the parent


def take_runner_lock(run: RunPaths, history: RunnerFold) -> int:
    """Lock the run for this process; the descriptor must stay open for as long as the process lives.

    Raises:
        RunInUse: another runner has it.
    """
    ended = not history.launches or history.exit is not None
    fd = _take(run.runner_lock, fcntl.LOCK_EX, RUNNER_PATIENCE if ended and history.launches else 0.0)
    if fd is None:
        raise RunInUse(f"{run.id} already has a runner", "The run is in use", "Wait until it ends, or stop it")
    return fd


def expect_no_trainer(run: RunPaths, history: RunnerFold) -> None:
    """Make sure that no trainer, supervised or not, works on the run.

    Raises:
        RunInUse: one does.
    """
    # Its identity counts beside the lock, which somebody may have deleted.
    fd = None if _last_trainer_lives(history) else _take(run.trainer_lock, fcntl.LOCK_SH, TRAINER_PATIENCE)
    if fd is None:
        raise RunInUse(f"{run.id} still has a trainer", "The run is in use", "Stop it before you start another one")
    os.close(fd)


def wait_for_runner(run: RunPaths, seconds: float = RUNNER_PATIENCE) -> bool:
    """Whether the run's runner is through with its last words (exit, handoff), after ``seconds`` at the most."""
    fd = _take(run.runner_lock, fcntl.LOCK_SH, seconds)
    if fd is not None:
        os.close(fd)
    return fd is not None


def _last_trainer_lives(history: RunnerFold) -> bool:
    launched = history.launched or {}
    pid, started = integer(launched.get("pid")), integer(launched.get("start_time"))
    here = launched.get("host") == os.uname().nodename and launched.get("boot_id") == boot_id()
    return here and pid is not None and started is not None and status(pid, started) in ("running", "stopped")


def _take(path: Path, kind: int, patience: float) -> int | None:
    deadline = time.monotonic() + patience
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            if time.monotonic() >= deadline:
                return None
            time.sleep(_RETRY)
            continue
        if _is(path, fd):
            return fd
        os.close(fd)


def _is(path: Path, fd: int) -> bool:
    """Whether ``path`` still names the open file; one that was replaced meanwhile locks nobody out."""
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False
