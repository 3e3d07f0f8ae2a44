"""Panels about the machine: GPUs and host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.text import counted, pair, safe, size
from cockpit.tui.cells import CellPanel, Line, between, line_width
from cockpit.tui.messages import Snapshot
from cockpit.tui.prose import wrap
from cockpit.tui.signs import bar, sparkline

if TYPE_CHECKING:
    from cockpit.probes.gpu import GpuSample

_NEARLY_FULL = 0.9


class Gpus(CellPanel):
    """Memory, load, heat and power of every GPU, and whose processes are on it."""

    _snapshot: Snapshot | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        self._snapshot = snapshot
        report = snapshot.gpus
        if report is not None and len(report.gpus) == 1:
            self.title = f"GPU {report.gpus[0].index} · {safe(report.gpus[0].name.removeprefix('NVIDIA '), 24)}"
        else:
            self.title = "GPU" if report is None or not report.gpus else f"{len(report.gpus)} GPUs"
        self.repaint()

    def rows(self, width: int, height: int) -> list[Line]:
        """All devices, each in as many rows as there is room for."""
        snapshot = self._snapshot
        if snapshot is None or snapshot.gpus is None:
            return [[("looking…", "faint")]]
        report = snapshot.gpus
        if not report.gpus:
            machine = snapshot.machine
            ram: Line = (
                [("host memory ", "dim"), (pair(machine.ram_used, machine.ram_total), "text")] if machine else []
            )
            none: Line = [("none in this machine", "text") if snapshot.watching else ("none: training on CPU", "warn")]
            return [none, *wrap(safe(report.error), width, "dim"), ram]
        each = max(1, height // len(report.gpus))
        several = len(report.gpus) > 1
        lines: list[Line] = []
        for gpu in report.gpus:
            history = snapshot.gpu_history.get(gpu.index, ())
            lines += (self._one_of_several if several else self._device)(gpu, history, width)[:each]
        return [*lines, [(safe(report.error), "warn")]] if report.error else lines

    def _device(self, gpu: GpuSample, history: tuple[float, ...], width: int) -> list[Line]:
        """The only GPU: everything that is known of it."""
        memory: Line = [("mem ", "dim"), (pair(gpu.memory_used, gpu.memory_total), "text")]
        load: Line = [("util ", "dim"), *_load(gpu), ("  ", ""), (_figure(gpu.power, "W"), "text")]
        drawn: list[Line] = [[(sparkline(history, width, plain=self.ascii), "bar")]] if history else []
        owners = _owners(gpu)
        return [memory, self._meter(gpu, width, _percent(gpu)), load, *owners[:2], *drawn, *owners[2:]]

    def _one_of_several(self, gpu: GpuSample, history: tuple[float, ...], width: int) -> list[Line]:
        """Two lines say the most; a strange process and the history follow where there is room."""
        memory: Line = [(f"{gpu.index} ", "accent"), (pair(gpu.memory_used, gpu.memory_total), "text")]
        head = between(memory, [(_percent(gpu), "strong")], width)
        drawn: list[Line] = [[(sparkline(history, width, plain=self.ascii), "bar")]] if history else []
        load = _load(gpu)
        return [head, [*self._meter(gpu, width - line_width(load), ""), *load], *_owners(gpu), *drawn]

    def _meter(self, gpu: GpuSample, width: int, percent: str) -> Line:
        share = _share(gpu)
        name = "bar" if share is None or share < _NEARLY_FULL else "bad"
        return [*bar(share, max(4, width - len(percent) - 1), name, plain=self.ascii), (f" {percent}", "strong")]


def _share(gpu: GpuSample) -> float | None:
    return gpu.memory_used / gpu.memory_total if gpu.memory_used is not None and gpu.memory_total else None


def _percent(gpu: GpuSample) -> str:
    share = _share(gpu)
    return f"{share:4.0%}" if share is not None else "   –"


def _figure(value: float | None, unit: str) -> str:
    return f"{value:.0f} {unit}" if value is not None else "–"


def _load(gpu: GpuSample) -> Line:
    return [(_figure(gpu.utilisation, "%"), "text"), ("  ", ""), (_figure(gpu.temperature, "°C"), "text")]


def _owners(gpu: GpuSample) -> list[Line]:
    """Whose processes are on it; a stranger's stands out."""
    return [
        [
            (f"{process.pid} ", "dim"),
            (safe(process.name, 16), "text"),
            (f" {safe(process.user, 12)} {size(process.memory)}", "dim" if process.mine else "warn"),
        ]
        for process in gpu.processes
    ]


class Host(CellPanel):
    """CPU, memory and disk, and the trainer's share."""

    _lines: list[Line]
    _history: dict[str, tuple[float, ...]]

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(title, id=id)
        self._lines = [[("looking…", "faint")]]
        self._history = {}

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look, in figures coarse enough that an idle machine changes nothing."""
        machine, run = snapshot.machine, snapshot.selected
        if machine is None:
            return
        cpu = "–" if machine.cpu is None else f"{5 * round(machine.cpu / 5)} %"
        self._lines = [
            [("cpu  ", "dim"), (cpu, "text"), (f"  {counted(machine.cores, 'core')}", "dim")],
            [("ram  ", "dim"), (pair(machine.ram_used, machine.ram_total), "text")],
            [("disk ", "dim"), (f"{size(machine.disk_free)} free", "text")],
        ]
        if run is not None and run.state.active and run.ram_used is not None:
            self._lines.append([("run  ", "dim"), (size(run.ram_used), "text"), (" ram", "dim")])
        self._history = snapshot.host_history
        self.repaint()

    def rows(self, width: int, height: int) -> list[Line]:
        """One line a resource; below them, where there is room, memory and CPU over the last ten minutes."""
        lines = list(self._lines)
        for label, shares in self._history.items():
            if len(lines) + 3 <= height:
                drawn = sparkline(shares, width, plain=self.ascii)
                lines += [[], [(f"{label}, 10 min", "dim")], [(drawn, "bar")]]
        return lines
