"""Where every thread of a trainer is, now: into its log, and for whoever asked."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from cockpit.errors import NotPossible
from cockpit.runner.stacks import signal_for_stacks, spy_on
from cockpit.runs.layout import RunPaths

_PATIENCE, _SETTLED, _POLL = 5.0, 0.3, 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Stacks:
    """What was found."""

    text: str
    pids: tuple[int, ...]  # that have answered themselves; empty where py-spy has looked


def dump_stacks(run: RunPaths, tick: Callable[[float], None] = time.sleep) -> Stacks:
    """Have the stacks written into the run's log; blocks until they are there, at most some seconds.

    Raises:
        NotPossible: the trainer is gone, or nobody can look into it.
    """
    with open(run.output, "rb") as log:
        begin = os.fstat(log.fileno()).st_size
        pids = signal_for_stacks(run)
        if not pids:
            return Stacks(_into_log(run, spy_on(run)), ())
        end, quiet, waited = begin, 0.0, 0.0
        while waited < _PATIENCE and (end == begin or quiet < _SETTLED):
            tick(_POLL)
            size = os.fstat(log.fileno()).st_size
            waited, quiet, end = waited + _POLL, 0.0 if size != end else quiet + _POLL, size
        if end == begin:
            raise NotPossible(
                f"pid {', '.join(map(str, pids))} did not answer within {_PATIENCE:g} s",
                "No stacks came",
                "It may be in the kernel: look at /proc/PID/wchan",
            )
        log.seek(begin)
        return Stacks(log.read(end - begin).decode(errors="replace"), pids)


def _into_log(run: RunPaths, text: str) -> str:
    with open(run.output, "a", encoding="utf-8") as log:
        log.write(text)
    return text
