"""This machine, sampled now and then, with the memory of a few minutes."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.probes.gpu import GpuProbe, GpuReport
    from cockpit.probes.host import HostProbe, HostSample

_EVERY, _EVERY_IDLE, _FIRST = 2.0, 10.0, 1.0  # seconds between samples; after the first, which knows no processor time
_HISTORY = 300  # samples: ten minutes


class MachineLook:
    """GPUs and host.

    Args:
        folder: whose disk counts.
    """

    def __init__(self, folder: Path) -> None:
        self.gpus: GpuReport | None = None
        self.machine: HostSample | None = None
        self._folder = folder
        self._gpu_history: dict[int, deque[float]] = {}
        self._host_history: dict[str, deque[float]] = {}
        self._probes: tuple[GpuProbe, HostProbe] | None = None
        self._looked = -1e9

    @property
    def gpu_history(self) -> dict[int, tuple[float, ...]]:
        """Memory of every GPU, shares 0..1."""
        return {index: tuple(values) for index, values in self._gpu_history.items()}

    @property
    def host_history(self) -> dict[str, tuple[float, ...]]:
        """Memory and load of the host, shares 0..1."""
        return {name: tuple(values) for name, values in self._host_history.items()}

    def look(self, *, busy: bool) -> None:
        """Sample, if it is time."""
        now = time.monotonic()
        begun = self.machine is not None and self.machine.cpu is None
        if now - self._looked >= (_FIRST if begun else _EVERY if busy else _EVERY_IDLE):
            self._looked = now
            self._sample(busy=busy)

    def _sample(self, *, busy: bool) -> None:
        from cockpit.probes.gpu import GpuProbe
        from cockpit.probes.host import HostProbe

        if self._probes is None:
            self._probes = GpuProbe(), HostProbe(self._folder)
        gpu_probe, host_probe = self._probes
        self.gpus = gpu_probe.sample()
        machine = host_probe.sample()
        if busy or self.machine is None or not machine.is_like(self.machine):
            self.machine = machine  # an idle cockpit repaints for what a person would notice
        for gpu in self.gpus.gpus:
            if gpu.memory_used is not None and gpu.memory_total:
                history = self._gpu_history.setdefault(gpu.index, deque(maxlen=_HISTORY))
                history.append(gpu.memory_used / gpu.memory_total)
        if busy:  # a history that grows would repaint an idle cockpit for ever
            self._remember(machine)

    def _remember(self, machine: HostSample) -> None:
        ram = machine.ram_used / machine.ram_total if machine.ram_used is not None and machine.ram_total else None
        cpu = machine.cpu / 100 if machine.cpu is not None else None
        for name, share in (("ram", ram), ("cpu", cpu)):
            if share is not None:
                self._host_history.setdefault(name, deque(maxlen=_HISTORY)).append(share)
