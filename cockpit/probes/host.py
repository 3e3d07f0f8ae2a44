"""The machine and the trainer's share of it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True, slots=True)
class HostSample:
    """One look at the machine; sizes in bytes, shares in percent, None where it could not be read."""

    cores: int
    cpu: float | None = None  # of all cores, since the last sample
    load: float | None = None  # one-minute average
    ram_used: float | None = None
    ram_total: float | None = None  # the container's limit where that is lower
    disk_free: float | None = None
    disk_total: float | None = None
    process_cpu: float | None = None  # of one core, the whole process tree
    process_rss: float | None = None

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

    def sample(self, pid: int | None = None) -> HostSample:
        """Look; ``pid`` is the root of the process tree whose share is wanted."""
        import psutil

        memory = psutil.virtual_memory()
        total = min([memory.total, *_limits()])
        rss, cpu = self._tree(pid) if pid is not None else (None, None)
        try:
            disk = shutil.disk_usage(self._folder)
        except OSError:
            disk = None
        return HostSample(
            cores=len(os.sched_getaffinity(0)),
            cpu=psutil.cpu_percent(None),
            load=os.getloadavg()[0],
            ram_used=float(memory.total - memory.available),
            ram_total=float(total),
            disk_free=float(disk.free) if disk else None,
            disk_total=float(disk.total) if disk else None,
            process_cpu=cpu,
            process_rss=rss,
        )

    def _tree(self, pid: int) -> tuple[float | None, float | None]:
        """Resident bytes and percent of one core of a process and its descendants."""
        import time

        import psutil

        try:
            root = psutil.Process(pid)
            family = [root, *root.children(recursive=True)]
        except psutil.Error:
            return None, None
        rss = cpu = 0.0
        for process in family:
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    rss += process.memory_info().rss
                    cpu += times.user + times.system
            except psutil.Error:
                continue
        now = time.time()
        before = self._tree_cpu or (root.create_time(), 0.0)
        self._tree_cpu = (now, cpu)
        return rss, max(0.0, 100 * (cpu - before[1]) / max(0.01, now - before[0]))


def _limits() -> list[int]:
    limits = []
    for path in _CGROUP_LIMITS:
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):
            continue  # no such controller, or "max"
    return limits
