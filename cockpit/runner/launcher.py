"""A shell or a launcher that SIGTERM ends leaves its trainer behind, which trains on: the signal is passed on to it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence

from cockpit.domain.script import is_launched
from cockpit.runner.control import read_sender, signal_member
from cockpit.runner.family import Member, members, orphans
from cockpit.runs.layout import RunPaths
from cockpit.runs.process import status

_PATIENCE, _POLL = 60.0, 0.1  # seconds that a trainer may take to save and to end


def pass_on(run: RunPaths, attempt: int, argv: Sequence[str], launched: Member, tell: Callable[[str], None]) -> None:
    """Send what a person has sent to the launched process, which is gone, to those that it had started itself.

    Args:
        run: which.
        attempt: whose.
        argv: its command; only of a launcher or a shell something is passed on.
        launched: the process that is gone.
        tell: is told the pids.
    """
    if not is_launched(argv) or not read_sender(run, attempt, signal.SIGTERM):
        return
    left = [m for m in orphans(members(run, launched.pid, launched.start_time)) if signal_member(m, signal.SIGTERM)]
    if left:
        tell(", ".join(str(member.pid) for member in left))
    until = time.monotonic() + _PATIENCE
    while any(_lives(member) for member in left) and time.monotonic() < until:
        time.sleep(_POLL)


def _lives(member: Member) -> bool:
    return status(member.pid, member.start_time) in ("running", "stopped")
