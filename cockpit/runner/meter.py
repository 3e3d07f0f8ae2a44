"""What a dry run takes of the machine: memory at most, and power while it steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.probes.gpu import GpuProbe, GpuSample
from cockpit.probes.host import HostProbe
from cockpit.runner.postmortem import Memory

SETTLED = 1.0  # seconds of steps after which NVML's power, a mean of the last second, is theirs
_RELEASE = 5.0  # seconds that a driver may still list a process that has ended
_POLL = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class PowerLook:
    """The GPUs of a run at one moment of its steps."""

    time: float  # seconds, of a monotonic clock
    watts: float | None  # of all together
    joules: Mapping[str, float]  # that each has used so far, by uuid; without those that do not count


def mean_power(looks: Sequence[PowerLook]) -> float | None:
    """Watts of the GPUs together, from their energy counters where they have some; the first second is left out."""
    settled = [look for look in looks if look.time >= looks[0].time + SETTLED]
    looks = settled if len(settled) > 1 else looks
    if not looks:
        return None
    first, last = looks[0], looks[-1]
    if last.time > first.time and first.joules and first.joules.keys() == last.joules.keys():
        return (sum(last.joules.values()) - sum(first.joules.values())) / (last.time - first.time)
    watts = [look.watts for look in looks if look.watts is not None]
    return sum(watts) / len(watts) if watts else None


class Meter:
    """Looks at GPUs and host on behalf of a trainer, before it starts and while it runs.

    Args:
        folder: of the dry run.
        gpu: looks at the GPUs.
    """

    def __init__(self, folder: Path, gpu: GpuProbe | None = None) -> None:
        self._gpu, self._host = gpu or GpuProbe(), HostProbe(folder)
        self._before = {gpu.uuid: gpu.memory_used or 0 for gpu in self._visible()}
        self._power: list[PowerLook] = []
        self._pids: set[int] = set()
        self.memory: Memory | None = None  # of the machine, at the last look
        self.host_peak = 0.0
        self.gpu_peak: tuple[int, int | None] | None = None  # of the fullest one, and its size

    def look(self, trainer: int, find_pids: Callable[[], set[int]], *, stepping: bool) -> None:
        """Sample everything once; the pids of the trainer and what belongs to it are only looked for beside a GPU."""
        host = self._host.sample(trainer)
        self.host_peak = max(self.host_peak, host.process_rss or 0.0)
        if host.ram_used is not None and host.ram_total is not None:
            self.memory = Memory(host.ram_used, host.ram_total)
        if not self._before:
            return
        pids = find_pids()
        self._pids |= pids
        now, used = time.monotonic(), []
        for gpu in self._visible():
            took = gpu.memory_of(pids)
            if took is None:  # then by how much it has filled
                took = max(0, (gpu.memory_used or 0) - self._before.get(gpu.uuid, 0))
            if took > (self.gpu_peak[0] if self.gpu_peak else 0):
                self.gpu_peak = took, gpu.memory_total
            if took:
                used.append(gpu)
        if stepping and used:
            watts = [gpu.power for gpu in used if gpu.power is not None]
            joules = {gpu.uuid: gpu.energy for gpu in used if gpu.energy is not None}
            complete = len(joules) == len(used)
            self._power.append(PowerLook(now, sum(watts) if watts else None, joules if complete else {}))

    @property
    def watts(self) -> float | None:
        """The mean of the GPUs of the run together while it stepped."""
        return mean_power(self._power)

    def wait_for_release(self) -> None:
        """Until the driver lists none of the processes any more: the next look would take them for somebody else's."""
        until = time.monotonic() + _RELEASE
        while time.monotonic() < until and any(p.pid in self._pids for gpu in self._visible() for p in gpu.processes):
            time.sleep(_POLL)

    def _visible(self) -> list[GpuSample]:
        return [gpu for gpu in self._gpu.sample().gpus if gpu.visible]
