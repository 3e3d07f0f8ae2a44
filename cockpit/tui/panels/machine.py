"""Panels about the machine: GPUs and host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.text import pair, safe, size
from cockpit.tui.cells import CellPanel, Line, between
from cockpit.tui.messages import Snapshot
from cockpit.tui.signs import bar, sparkline

if TYPE_CHECKING:
    from cockpit.probes.gpu import GpuSample


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
            return [[("none: training on CPU", "warn")], *_wrapped(report.error, width, "dim"), ram]
        each = max(1, height // len(report.gpus))
        lines: list[Line] = []
        for gpu in report.gpus:
            history = snapshot.gpu_history.get(gpu.index, ())
            lines += self._device(gpu, history, width, len(report.gpus) > 1)[:each]
        return [*lines, [(safe(report.error), "warn")]] if report.error else lines

    def _device(self, gpu: GpuSample, history: tuple[float, ...], width: int, several: bool) -> list[Line]:
        share = gpu.memory_used / gpu.memory_total if gpu.memory_used is not None and gpu.memory_total else None
        memory: Line = [("mem ", "dim"), (pair(gpu.memory_used, gpu.memory_total), "text")]
        name = "bar" if share is None or share < 0.9 else "bad"
        percent = f" {share:4.0%}" if share is not None else "    –"
        head = between([(f"{gpu.index} ", "accent"), *memory], [(percent, "strong")], width) if several else memory
        meter: Line = [*bar(share, max(4, width - 6), name, plain=self.ascii), (percent, "strong")]
        use = f"{gpu.utilisation:.0f} %" if gpu.utilisation is not None else "–"
        heat = f"{gpu.temperature:.0f} °C" if gpu.temperature is not None else "–"
        power = f"{gpu.power:.0f} W" if gpu.power is not None else "–"
        load: Line = [("util ", "dim"), (use, "text"), ("  ", ""), (heat, "text"), ("  ", ""), (power, "text")]
        drawn: Line = [(sparkline(history, width, plain=self.ascii), "bar")]
        owners = [
            [
                (f"{p.pid} ", "dim"),
                (safe(p.name, 16), "text"),
                (f" {safe(p.user, 12)} {size(p.memory)}", "dim" if p.mine else "warn"),
            ]
            for p in gpu.processes
        ]
        return [head, meter, load, *owners[:2], *([drawn] if history else []), *owners[2:]]


class Host(CellPanel):
    """CPU, memory and disk, and the trainer's share."""

    _lines: list[Line]

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(title, id=id)
        self._lines = [[("looking…", "faint")]]

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look, in figures coarse enough that an idle machine changes nothing."""
        machine, run = snapshot.machine, snapshot.selected
        if machine is None:
            return
        cpu = "–" if machine.cpu is None else f"{5 * round(machine.cpu / 5)} %"
        self._lines = [
            [("cpu  ", "dim"), (cpu, "text"), (f"  {machine.cores} cores", "dim")],
            [("ram  ", "dim"), (pair(machine.ram_used, machine.ram_total), "text")],
            [("disk ", "dim"), (f"{size(machine.disk_free)} free", "text")],
        ]
        if run is not None and run.ram_used is not None:
            self._lines.append([("run  ", "dim"), (size(run.ram_used), "text"), (" ram", "dim")])
        self.repaint()

    def rows(self, width: int, height: int) -> list[Line]:
        """One line a resource."""
        return self._lines


def _wrapped(text: str, width: int, name: str) -> list[Line]:
    """Words in lines of at most ``width``."""
    lines: list[str] = [""]
    for word in safe(text).split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [[(line, name)] for line in lines]
