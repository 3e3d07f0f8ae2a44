"""One training at a time writes a run: its first process holds the run for life."""

from __future__ import annotations

import fcntl
import os

from cockpit.runs.layout import RunPaths

LOOP = "loop"  # a training that only tells figures; it gives way to a trainer that is recorded whole
_held: dict[str, int] = {}  # descriptors of this process, by run
_recorder: dict[str, str] = {}  # what records it, by run


def claim(run: RunPaths, by: str) -> bool:
    """Hold the run until this process ends.

    Args:
        run: which.
        by: what would record it, ``LOOP`` or the name of a framework.

    Returns:
        False where another process holds it, or where a whole recorder in this one makes ``LOOP`` needless.
    """
    place = str(run.root)
    if place not in _held:
        fd = _lock(run)
        if fd is None:
            return False
        if not _held:
            # loader workers outlive a killed trainer by seconds, and would hold the run meanwhile
            os.register_at_fork(after_in_child=_let_go)
        _held[place] = fd
    if by != LOOP or place not in _recorder:
        _recorder[place] = by
    return _recorder[place] == by


def _lock(run: RunPaths) -> int | None:
    fd = os.open(run.trainer_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        same = os.path.samestat(os.fstat(fd), os.stat(run.trainer_lock))
    except OSError:
        same = False
    if not same:
        os.close(fd)
        return None
    return fd


def _let_go() -> None:
    """In a forked child, once: its own children may have something else under that number."""
    while _held:
        os.close(_held.popitem()[1])
