"""Every process of a trainer: its session, and what carries the run's mark (torchrun gives ranks their own session)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cockpit.runs.layout import ENV_RUN_DIR, RunPaths
from cockpit.runs.process import start_time, status


@dataclass(frozen=True, slots=True)
class Member:
    """One process, by what identifies it on this boot."""

    pid: int
    start_time: int  # clock ticks since boot


def members(run: RunPaths, trainer: int, started: int) -> list[Member]:
    """The living processes of the trainer that had pid ``trainer`` since ``started``, itself included.

    Those of the caller's own session are left out: it may be a cockpit that was started from inside the run.
    """
    mark = f"{ENV_RUN_DIR}={run.root}".encode()
    own = os.getsid(0)
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        pid = int(entry.name)
        session = _session(pid)
        if session in (None, own) or not (session == trainer or mark in _environment(pid)):
            continue
        began = start_time(pid)
        if began is not None and began >= started and status(pid, began) in ("running", "stopped"):
            found.append(Member(pid, began))
    return found


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
