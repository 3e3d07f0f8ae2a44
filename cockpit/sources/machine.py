"""Memory as W&B and MLflow sample it beside the metrics, thinned as it comes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from cockpit.domain.vitals import Memory

_MIB, _MB = float(2**20), 1e6
_MOST = 192  # samples of one kind; beyond it every other one is dropped, and half as many are taken from then on
_GPU = re.compile(r"gpu\.(\d+)\.(memoryAllocatedBytes|memoryAllocated)|"
                  r"system/gpu_(\d+)_memory_usage_(megabytes|percentage)")  # fmt: skip


@dataclass
class _Kind:
    """One memory."""

    used: list[tuple[float, float]] = field(default_factory=list)
    peak: float = 0.0
    taken: float | None = None
    share: float | None = None  # of the whole that is taken, percent
    free: float | None = None
    every: int = 1
    passed: int = 0

    def sample(self, time: float, value: float) -> None:
        self.peak, self.passed = max(self.peak, value), self.passed + 1
        if self.passed % self.every == 0:
            self.used.append((time, value))
        if len(self.used) > _MOST:
            self.used, self.every = self.used[::2], 2 * self.every


class MachineLog:
    """Collects what is told of memory, by the names that W&B and MLflow have for it."""

    def __init__(self) -> None:
        self._host = _Kind()
        self._gpus: dict[int, _Kind] = {}

    def take(self, name: str, time: float, value: float) -> None:
        """One figure; what is none of memory is passed over."""
        if not (math.isfinite(time) and math.isfinite(value)):
            return
        if name == "proc.memory.rssMB":
            self._host.sample(time, value * _MIB)
        elif name == "memory_percent":
            self._host.share = value
        elif name == "proc.memory.availableMB":
            self._host.free = value * _MIB
        elif found := _GPU.fullmatch(name):
            gpu = self._gpus.setdefault(int(found[1] or found[3]), _Kind())
            if (found[2] or found[4]) in ("memoryAllocated", "percentage"):
                gpu.share = value
            else:
                gpu.taken = value * (1.0 if found[2] else _MB)
                gpu.sample(time, gpu.taken)

    def told(self) -> tuple[Memory, ...]:
        """Every memory of which there are samples."""
        kinds = [("host", self._host), *((f"GPU {index}", gpu) for index, gpu in sorted(self._gpus.items()))]
        return tuple(
            Memory(name, tuple(kind.used), *_of_all(kind), kind.peak) for name, kind in kinds if kind.used
        )  # fmt: skip


def _of_all(kind: _Kind) -> tuple[float | None, float | None]:
    """How much of the whole is taken, and the whole: from the share and what is taken, or what is left."""
    share = kind.share / 100 if kind.share is not None and 0 < kind.share < 100 else None
    if kind.taken is not None:
        return kind.taken, kind.taken / share if share else None
    if kind.free is None or share is None:
        return None, None
    total = kind.free / (1 - share)
    return total - kind.free, total
