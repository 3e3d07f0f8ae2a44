"""Every process of a trainer: its session, and what carries the run's mark (torchrun gives ranks their own session)."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cockpit.runs.layout import ENV_RUN_DIR, RunPaths
from cockpit.runs.process import parent, start_time, status


@dataclass(frozen=True, slots=True)
class Member:
    """One process, by what identifies it on this boot."""

    pid: int
    start_time: int  # clock ticks since boot


def members(run: RunPaths, trainer: int, started: int) -> list[Member]:
    """The living processes of the trainer that had pid ``trainer`` since ``started``, itself included.

    Those of the caller's own session are left out: it may be a cockpit that was started from inside the run.
    """
    return marked_members(f"{ENV_RUN_DIR}={run.root}", trainer, started)


def marked_members(mark: str, trainer: int, started: int) -> list[Member]:
    """The same for a trainer in whose environment ``mark``, ``NAME=value``, stands."""
    entry_of_it = mark.encode()
    own = os.getsid(0)
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        pid = int(entry.name)
        session = _session(pid)
        if session in (None, own) or not (session == trainer or entry_of_it in _environment(pid)):
            continue
        began = start_time(pid)
        if began is not None and began >= started and status(pid, began) in ("running", "stopped"):
            found.append(Member(pid, began))
    return found


def orphans(family: list[Member]) -> list[Member]:
    """Those whose parent is none of them."""
    known = {member.pid for member in family}
    return [member for member in family if parent(member.pid) not in known]


def at_work_beside(run: RunPaths, folder: Path) -> bool:
    """Whether a process of another run works in a folder, below or above it, as far as it may be seen."""
    name, own = f"{ENV_RUN_DIR}=".encode(), f"{ENV_RUN_DIR}={run.root}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or not any(e.startswith(name) and e != own for e in _environment(int(entry.name))):
            continue
        with suppress(OSError):
            there = (entry / "cwd").readlink()
            if there.is_relative_to(folder) or folder.is_relative_to(there):
                return True
    return False


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
