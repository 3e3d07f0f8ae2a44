"""GPU and host figures, once a second, into ``host.bin``.

Probes run on a thread of their own: a driver that hangs must not keep the runner from seeing the exit.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cockpit.probes.gpu import GpuProbe, GpuReport
from cockpit.probes.host import HostProbe, HostSample
from cockpit.runner.postmortem import Memory
from cockpit.runs.fold import text
from cockpit.runs.journal import Event, JournalWriter
from cockpit.runs.scalars import ScalarWriter

PERIOD = 1.0  # seconds between samples
GPU_RETRY = 30.0  # seconds before NVML is tried again where it gave no GPU at all


@dataclass(frozen=True, slots=True)
class Reading:
    """The figures of one moment."""

    time: float
    figures: Mapping[str, float]  # by name, "gpu0/memory_used"; what could not be read is missing
    devices: Mapping[str, str]  # GPU names by "gpu0"
    gpu_error: str

    @property
    def memory(self) -> Memory | None:
        """Host memory, as far as the trainer may use it."""
        used, total = self.figures.get("ram/used"), self.figures.get("ram/total")
        return None if used is None or total is None else Memory(used, total)


class Probes:
    """Looks at the GPUs and the host on behalf of one trainer.

    Args:
        pid: the trainer.
        folder: its disk is the one whose free space counts.
    """

    def __init__(self, pid: int, folder: Path) -> None:
        self._pid = pid
        self._gpu, self._host = GpuProbe(), HostProbe(folder)
        self._report: GpuReport | None = None
        self._reported = 0.0

    def read(self) -> Reading:
        """Sample everything."""
        report, host = self._read_gpus(), self._host.sample(self._pid)
        shown = [gpu for gpu in report.gpus if gpu.visible]
        figures = {name: value for name, value in _figures_of(host) if value is not None}
        for gpu in shown:
            values = {
                "memory_used": gpu.memory_used,
                "memory_trainer": gpu.memory_of(host.pids),
                "memory_total": gpu.memory_total,
                "utilisation": gpu.utilisation,
                "temperature": gpu.temperature,
                "power": gpu.power,
            }
            figures |= {f"gpu{gpu.index}/{name}": float(value) for name, value in values.items() if value is not None}
        return Reading(time.time(), figures, {f"gpu{gpu.index}": gpu.name for gpu in shown}, report.error)

    def _read_gpus(self) -> GpuReport:
        now = time.monotonic()
        if self._report is None or self._report.gpus or now - self._reported >= GPU_RETRY:
            self._report, self._reported = self._gpu.sample(), now
        return self._report


def _figures_of(host: HostSample) -> Iterator[tuple[str, float | None]]:
    yield "cpu/host", host.cpu
    yield "cpu/trainer", host.process_cpu
    yield "ram/used", host.ram_used
    yield "ram/total", host.ram_total
    yield "ram/trainer", host.process_rss
    yield "disk/free", host.disk_free


class Sampler:
    """Reads once a period on a daemon thread; the readings wait until they are taken."""

    def __init__(self, read: Callable[[], Reading], period: float = PERIOD) -> None:
        self._read, self._period = read, period
        self._readings: queue.SimpleQueue[Reading] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="sampler", daemon=True)

    def start(self) -> None:
        """Begin; the first reading is taken at once."""
        self._thread.start()

    def stop(self) -> None:
        """No more readings after the one under way; does not wait for it."""
        self._stopped.set()

    def take(self) -> list[Reading]:
        """What was read since the last call, oldest first."""
        return [self._readings.get() for _ in range(self._readings.qsize())]

    def _loop(self) -> None:
        complained = False
        while not self._stopped.is_set():
            try:
                self._readings.put(self._read())
            except Exception:  # one bad look must not end the sampling of a run that takes days
                if not complained:
                    with suppress(OSError):
                        traceback.print_exc()
                complained = True
            self._stopped.wait(self._period)


class HostLog:
    """Writes readings as scalars whose step is the seconds since the run was first launched.

    Args:
        writer: of host.bin.
        journal: the runner's; it names the tags.
        known: the ``host_tag`` events of earlier attempts, by tag, so that a name keeps its tag.
        origin: when the run was first launched, seconds since the epoch.
    """

    def __init__(self, writer: ScalarWriter, journal: JournalWriter, known: Mapping[int, Event], origin: float) -> None:
        self._writer, self._journal, self._origin = writer, journal, origin
        self._tags = {text(event.get("name")): tag for tag, event in known.items()}
        self._next = max(known, default=-1) + 1
        self._gpu_error = ""
        self._failed = False
        self.memory: Memory | None = None  # at the last reading

    def write(self, readings: list[Reading]) -> None:
        """Append the readings; a full disk loses them, never the runner."""
        try:
            for reading in readings:
                self.memory = reading.memory or self.memory
                self._write(reading)
        except OSError as error:
            if not self._failed:
                with suppress(OSError):  # runner.log lies on the same disk
                    print(f"cockpit: host figures cannot be written: {error}", file=sys.stderr, flush=True)
            self._failed = True

    def _write(self, reading: Reading) -> None:
        if reading.gpu_error != self._gpu_error:
            self._journal.write("gpu_error", message=reading.gpu_error)
            self._gpu_error = reading.gpu_error
        step = max(0, int(reading.time - self._origin))
        self._writer.write(
            (step, reading.time, value, self._tag(name, reading), 0) for name, value in reading.figures.items()
        )

    def _tag(self, name: str, reading: Reading) -> int:
        if name not in self._tags:
            device = reading.devices.get(name.partition("/")[0])
            self._journal.write("host_tag", tag=self._next, name=name, device=device)
            self._tags[name] = self._next
            self._next += 1
        return self._tags[name]
