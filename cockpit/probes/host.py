"""The machine and the trainer's share of it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

# the memory of a container, cgroup v2 and v1: its limit, what is taken, and what of that are cached files
_CGROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


@dataclass(frozen=True, slots=True)
class HostSample:
    """One look at the machine; sizes in bytes, shares in percent, None where it could not be read."""

    cores: int
    cpu: float | None = None  # of all cores, since the sample before; the first has none
    load: float | None = None  # one-minute average
    ram_used: float | None = None  # of ram_total: by the container where that has a limit, else by the machine
    ram_total: float | None = None  # the container's limit where that is lower than the machine's memory
    disk_free: float | None = None
    disk_total: float | None = None
    process_cpu: float | None = None  # of one core, the whole process tree
    process_rss: float | None = None
    pids: frozenset[int] = frozenset()  # of that tree

    def is_like(self, other: HostSample) -> bool:
        """Whether nothing a person would notice has changed: 5 % of processor time, 1 % of memory or disk."""
        limits = (
            (self.cpu, other.cpu, 5.0),
            (self.ram_used, other.ram_used, (self.ram_total or 0.0) / 100),
            (self.disk_free, other.disk_free, (self.disk_total or 0.0) / 100),
        )
        return all(a == b if a is None or b is None else abs(a - b) <= limit for a, b, limit in limits)


class HostProbe:
    """Samples the machine; percentages are over the time since the sample before.

    Args:
        folder: on the filesystem whose free space matters.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tree_cpu: tuple[float, float] | None = None
        self._sampled = False

    def sample(self, pid: int | None = None) -> HostSample:
        """Look; ``pid`` is the root of the process tree whose share is wanted."""
        import psutil

        used, total = _memory()
        family = _family(pid) if pid is not None else []
        rss, cpu = self._take(family)
        try:
            disk = shutil.disk_usage(self._folder)
        except OSError:
            disk = None
        share = psutil.cpu_percent(None)
        first, self._sampled = not self._sampled, True
        return HostSample(
            cores=len(os.sched_getaffinity(0)),
            cpu=None if first else share,
            load=os.getloadavg()[0],
            ram_used=used,
            ram_total=total,
            disk_free=float(disk.free) if disk else None,
            disk_total=float(disk.total) if disk else None,
            process_cpu=cpu,
            process_rss=rss,
            pids=frozenset(process.pid for process in family),
        )

    def _take(self, family: list[psutil.Process]) -> tuple[float | None, float | None]:
        """Resident bytes and percent of one core of a process and its descendants."""
        import time

        import psutil

        rss = cpu = 0.0
        for process in family:
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    rss += process.memory_info().rss
                    cpu += times.user + times.system
            except psutil.Error:
                continue
        if not rss:  # only what has ended and waits to be reaped: its last figures are not nought
            return None, None
        now = time.time()
        before = self._tree_cpu or (family[0].create_time(), 0.0)
        self._tree_cpu = (now, cpu)
        return rss, max(0.0, 100 * (cpu - before[1]) / max(0.01, now - before[0]))


def _family(pid: int) -> list[psutil.Process]:
    """A process and its descendants; empty where it has gone."""
    import psutil

    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def _memory() -> tuple[float | None, float]:
    """Bytes that are used, and of how many; cached files do not count, for they give way."""
    import psutil

    machine = psutil.virtual_memory()
    for folder, limit, taken, cached in _CGROUPS:
        try:
            total = int((folder / limit).read_text())
        except (OSError, ValueError):
            continue  # no such controller, or "max"
        if total >= machine.total:
            continue
        try:
            used = int((folder / taken).read_text())
            statistics = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            return float(used - int(statistics[cached])), float(total)
        except (OSError, ValueError, KeyError):
            return None, float(total)
    return float(machine.total - machine.available), float(machine.total)
