"""GPUs as NVML sees them, without CUDA and without torch.

NVML can block for seconds on a sick driver: never call a probe on an event loop. One probe serves one thread.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cockpit.probes.nvml_errors import (
    GPU_IS_LOST,
    NO_BINDING,
    NO_DRIVER,
    NO_GPU,
    RESET_REQUIRED,
    UNINITIALIZED,
    Trouble,
    device_trouble,
    driver_trouble,
)

if TYPE_CHECKING:
    from types import ModuleType

_MILLI = 1000.0


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process that computes on a GPU; one in another container has a pid but no user and no name."""

    pid: int
    user: str
    name: str
    memory: int | None  # bytes; None where NVML does not say (MIG, vGPU)
    mine: bool  # runs as the user of this process


@dataclass(frozen=True, slots=True)
class GpuSample:
    """One GPU at one moment; None is what the device does not report."""

    index: int  # NVML's, in PCI bus order
    uuid: str
    name: str
    memory_used: int | None = None  # bytes
    memory_total: int | None = None  # bytes
    utilisation: float | None = None  # percent
    temperature: float | None = None  # degrees Celsius
    power: float | None = None  # watts, on recent devices the mean of the last second
    processes: tuple[GpuProcess, ...] = ()
    visible: bool = True  # to a process started with this CUDA_VISIBLE_DEVICES
    energy: float | None = None  # joules since the driver was loaded

    def memory_of(self, pids: Collection[int]) -> int | None:
        """Bytes that these processes hold; None where the driver names none of them, as in a container."""
        held = [each.memory for each in self.processes if each.pid in pids and each.memory is not None]
        return sum(held) if held else None


@dataclass(frozen=True, slots=True)
class GpuReport:
    """Every GPU that could be read, and why others or all could not be."""

    gpus: tuple[GpuSample, ...] = ()
    error: str = ""
    remedy: str = ""  # a command to paste


class GpuProbe:
    """Reads all GPUs; survives a driver that is missing, broken, or goes and comes while it runs.

    Args:
        visible_devices: the value of CUDA_VISIBLE_DEVICES to mark by; by default that of this process.
    """

    def __init__(self, visible_devices: str | None = None) -> None:
        self._visible_devices = os.environ.get("CUDA_VISIBLE_DEVICES") if visible_devices is None else visible_devices
        self._ready = False

    def sample(self) -> GpuReport:
        """Look at every GPU; never raises for what NVML does."""
        if not _has_driver():
            return GpuReport(error=NO_DRIVER.error, remedy=NO_DRIVER.remedy)
        try:
            import pynvml
        except ImportError:
            return GpuReport(error=NO_BINDING.error, remedy=NO_BINDING.remedy)
        try:
            return self._sample(pynvml)
        except pynvml.NVMLError as error:
            # A reloaded driver leaves NVML uninitialised; the next sample starts it again.
            self._ready = False
            trouble = driver_trouble(error.value, str(error))
            return GpuReport(error=trouble.error, remedy=trouble.remedy)

    def _sample(self, nvml: ModuleType) -> GpuReport:
        if not self._ready:
            nvml.nvmlInit()
            self._ready = True
        gpus, troubles = [], []
        for index in range(nvml.nvmlDeviceGetCount()):
            try:
                gpus.append(self._read(nvml, index))
            except nvml.NVMLError as error:
                if error.value == UNINITIALIZED:
                    raise
                troubles.append(device_trouble(index, error.value, str(error)))
        return _report(gpus, troubles)

    def _read(self, nvml: ModuleType, index: int) -> GpuSample:
        """One GPU.

        Raises:
            NVMLError: the device as a whole cannot be read.
        """
        handle = nvml.nvmlDeviceGetHandleByIndex(index)

        def ask(query: Callable[..., Any], *arguments: Any) -> Any:
            return _ask(nvml, query, handle, *arguments)

        uuid = ask(nvml.nvmlDeviceGetUUID) or ""
        memory = _memory(nvml, handle)
        rates = ask(nvml.nvmlDeviceGetUtilizationRates)
        temperature = ask(nvml.nvmlDeviceGetTemperature, nvml.NVML_TEMPERATURE_GPU)
        return GpuSample(
            index=index,
            uuid=uuid,
            name=ask(nvml.nvmlDeviceGetName) or "GPU",
            memory_used=memory.used if memory else None,
            memory_total=memory.total if memory else None,
            utilisation=float(rates.gpu) if rates else None,
            temperature=None if temperature is None else float(temperature),
            power=_from_milli(ask(nvml.nvmlDeviceGetPowerUsage)),
            processes=tuple(_process(p) for p in ask(nvml.nvmlDeviceGetComputeRunningProcesses_v3) or ()),
            visible=is_visible(index, uuid, self._visible_devices),
            energy=_from_milli(ask(nvml.nvmlDeviceGetTotalEnergyConsumption)),
        )


def is_visible(index: int, uuid: str, visible_devices: str | None) -> bool:
    """Whether CUDA_VISIBLE_DEVICES lets a program use this GPU.

    Numbers are taken in PCI bus order, NVML's; CUDA's default order can differ on machines with mixed GPUs.
    A MIG slice does not name its parent, so every GPU counts as visible then.
    """
    if visible_devices is None:
        return True
    for word in visible_devices.split(","):
        name = word.strip()
        if name.startswith("MIG-") or (name.startswith("GPU-") and uuid.startswith(name)):
            return True
        # CUDA ignores everything from the first entry that is no device.
        if not name.startswith("GPU-") and not name.isdecimal():
            return False
        if name.isdecimal() and int(name) == index:
            return True
    return False


def _report(gpus: list[GpuSample], troubles: list[Trouble]) -> GpuReport:
    if not gpus and not troubles:
        troubles = [NO_GPU]
    error = "; ".join(trouble.error for trouble in troubles)
    return GpuReport(tuple(gpus), error, troubles[0].remedy if troubles else "")


def _has_driver() -> bool:
    """Whether the library is there at all: without it the binding tells no more, and takes 2.5 MB to say so."""
    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    return True


def _ask(nvml: ModuleType, query: Callable[..., Any], *arguments: Any) -> Any:
    """The answer to one query; None where this device or driver has none.

    Raises:
        NVMLError: the device is gone, so no other query would be answered either.
    """
    try:
        return query(*arguments)
    except UnicodeDecodeError:
        return None
    except nvml.NVMLError as error:
        if error.value in (UNINITIALIZED, GPU_IS_LOST, RESET_REQUIRED):
            raise
        return None


def _memory(nvml: ModuleType, handle: Any) -> Any:
    """Memory without the driver's reserve, as nvidia-smi counts it; older drivers only know it included."""
    known = _ask(nvml, nvml.nvmlDeviceGetMemoryInfo, handle, nvml.nvmlMemory_v2)
    return known if known is not None else _ask(nvml, nvml.nvmlDeviceGetMemoryInfo, handle)


def _from_milli(figure: int | None) -> float | None:
    return None if figure is None else figure / _MILLI


def _process(process: Any) -> GpuProcess:
    import psutil

    user = name = ""
    mine = False
    with suppress(psutil.Error):
        found = psutil.Process(process.pid)
        mine = found.uids().real == os.getuid()
        name = found.name()
        user = found.username()
    return GpuProcess(process.pid, user, name, process.usedGpuMemory, mine)
