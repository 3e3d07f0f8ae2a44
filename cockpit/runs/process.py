"""Who a process is: a pid means nothing without its start time and the boot it belongs to."""

from __future__ import annotations

import select
from functools import cache
from pathlib import Path
from typing import Literal

Status = Literal["running", "stopped", "zombie", "gone"]


def start_time(pid: int) -> int | None:
    """Clock ticks since boot at which ``pid`` started (proc(5), field 22); None if there is no such process."""
    fields = _stat(pid)
    return int(fields[19]) if fields else None


def parent(pid: int) -> int | None:
    """The pid of its parent; None if there is no such process."""
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def status(pid: int, started: int) -> Status:
    """What became of the process that had ``pid`` since ``started``; a reused pid counts as gone."""
    fields = _stat(pid)
    if not fields or int(fields[19]) != started:
        return "gone"
    match fields[0]:
        case "Z" | "X" | "x":
            return "zombie"
        case "T" | "t":
            return "stopped"
        case _:
            return "running"


def readable(fd: int, seconds: float) -> bool:
    """Wait until a descriptor can be read, of any number: ``select`` knows none above 1023."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


@cache
def boot_id() -> str:
    """The id of this boot of the machine; empty where the kernel has none to give."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before them may hold spaces and brackets."""
    try:
        content = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return []
    return content[content.rfind(")") + 1 :].split()
