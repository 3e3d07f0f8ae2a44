"""How a trainer ended, and why it was killed as far as that can be known."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

_GIB = 1 << 30
_NEAR = 0.9  # share of the memory limit from which a SIGKILL looks like the OOM killer's
_SHELL_SIGKILL = 128 + signal.SIGKILL  # how a shell or a container's init reports a child that was killed
_CGROUP = Path("/sys/fs/cgroup")
_VMSTAT = Path("/proc/vmstat")
_MEMBERSHIP = Path("/proc/self/cgroup")


@dataclass(frozen=True, slots=True)
class Ending:
    """What ``wait`` said: exactly one of code and signal is set."""

    code: int | None
    signal: int | None
    core: bool

    @classmethod
    def of(cls, status: int) -> Ending:
        """From a wait status."""
        if os.WIFSIGNALED(status):
            return cls(None, os.WTERMSIG(status), os.WCOREDUMP(status))
        return cls(os.WEXITSTATUS(status), None, core=False)

    @property
    def killed(self) -> bool:
        """Whether SIGKILL ended it, or the one process it was a wrapper of."""
        return self.signal == signal.SIGKILL or self.code == _SHELL_SIGKILL


@dataclass(frozen=True, slots=True)
class OomKills:
    """How often the kernel's OOM killer has struck so far; None where it does not say."""

    group: int | None  # in this process's memory cgroup, which the trainer shares
    machine: int | None


@dataclass(frozen=True, slots=True)
class Memory:
    """Host memory, bytes."""

    used: float
    total: float

    def __str__(self) -> str:
        return f"{self.used / _GIB:.1f} of {self.total / _GIB:.1f} GiB used at the end"


def explain(ending: Ending, before: OomKills, after: OomKills, memory: Memory | None, sender: str) -> str:
    """Why it was killed; empty where nothing points to that.

    Args:
        ending: how it ended.
        before: the OOM killer's counts when the trainer started.
        after: the same after it ended.
        memory: the last figures, if any were sampled.
        sender: who sent it this signal through cockpit; empty if nobody did.
    """
    if sender:
        return f"sent by {sender}"
    figures = f": {memory}" if memory else ""
    if _rose(before.group, after.group) and ending.code != 0:
        return f"out of memory, the kernel's OOM killer struck in this memory group{figures}"
    if not ending.killed:
        return ""
    if _rose(before.machine, after.machine):
        return f"out of memory suspected, the kernel's OOM killer struck on this machine{figures}"
    if memory and memory.used >= _NEAR * memory.total:
        return f"out of memory suspected{figures}"
    return "killed from outside" + (f"; {memory}" if memory else "")


def oom_kills() -> OomKills:
    """The counts as of now."""
    return OomKills(_group_kills(), _field(_VMSTAT, "oom_kill"))


def _group_kills() -> int | None:
    """From cgroup v2's memory.events or v1's memory.oom_control."""
    try:
        lines = _MEMBERSHIP.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            file, root = "memory.events", _CGROUP
        elif "memory" in controllers.split(","):
            file, root = "memory.oom_control", _CGROUP / "memory"
        else:
            continue
        # A container may see its own group as the root of the mount.
        for folder in (root / path.lstrip("/"), root):
            count = _field(folder / file, "oom_kill")
            if count is not None:
                return count
    return None


def _field(path: Path, name: str) -> int | None:
    try:
        for line in path.read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
    except (OSError, ValueError):
        pass
    return None


def _rose(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None and after > before
