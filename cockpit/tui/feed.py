"""Where snapshots come from: the project's run directories and this machine."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cockpit.runs.layout import RunPaths
from cockpit.tui.inspector import Inspector
from cockpit.tui.messages import Snapshot

if TYPE_CHECKING:
    from cockpit.domain.checklist import Check
    from cockpit.domain.run import RunState
    from cockpit.probes.gpu import GpuProbe, GpuReport
    from cockpit.probes.host import HostProbe, HostSample
    from cockpit.project import Project
    from cockpit.runs.reader import RunReader
    from cockpit.runs.store import Catalogue

_CHECK_EVERY = 15.0  # seconds between walks through data and configs
_MACHINE_EVERY, _MACHINE_EVERY_IDLE = 2.0, 10.0
_LOG_BYTES, _LOG_LINES = 64 * 1024, 500
_HISTORY = 300  # samples: ten minutes


class Feed(Protocol):
    """Gives snapshots; tests inject their own."""

    def poll(self) -> Snapshot:
        """A look at everything. Blocks: called on a worker thread."""

    def select(self, run_id: str | None) -> None:
        """Which run to read in full; None is the newest."""


class LiveFeed:
    """Reads the project on disk and samples the machine."""

    def __init__(self, project: Project, selected: str | None = None) -> None:
        self._project = project
        self._catalogue: Catalogue | None = None
        self._wanted = selected
        self._reader: RunReader | None = None
        self._checks: tuple[Check, ...] = ()
        self._checked = self._looked = -1e9
        self._gpus: GpuReport | None = None
        self._machine: HostSample | None = None
        self._gpu_history: dict[int, deque[float]] = {}
        self._host_history: dict[str, deque[float]] = {}
        self._probes: tuple[GpuProbe, HostProbe] | None = None
        self._inspector = Inspector()
        self._first = True
        self._lock = threading.Lock()

    def select(self, run_id: str | None) -> None:
        """Which run to read in full from now on."""
        self._wanted = run_id

    def poll(self) -> Snapshot:
        """Runs at every call; machine and checklist less often. The very first look takes only the runs."""
        with self._lock:
            if self._catalogue is None:  # not before the first frame: the settings say where the runs are
                from cockpit.runs.store import Catalogue

                self._catalogue = Catalogue(self._project.runs_folder)
            state = self._read_selected(self._catalogue.ids())
            runs = self._catalogue.poll(state)
            first, self._first = self._first, False
            if not first:
                self._look_around(busy=any(run.state.active for run in runs))
            return Snapshot(
                project=self._project.name,
                host=os.uname().nodename,
                now=time.time(),
                runs=runs,
                selected=state,
                checks=self._checks,
                gpus=self._gpus,
                machine=self._machine,
                gpu_history={index: tuple(values) for index, values in self._gpu_history.items()},
                host_history={name: tuple(values) for name, values in self._host_history.items()},
                log=_last_lines(RunPaths(Path(state.path)).output) if state else (),
                checkpoints=self._inspector.reports(state) if state and not first else (),
            )

    def _read_selected(self, ids: list[str]) -> RunState | None:
        """The run that was asked for in full, the newest if it is not there; None if none is."""
        if not ids:
            return None
        chosen = self._wanted if self._wanted in ids else ids[0]
        if self._reader is None or self._reader.run.id != chosen:
            from cockpit.runs.reader import RunReader

            self._reader = RunReader(RunPaths(self._project.runs_folder / chosen), series=True)
        return self._reader.poll()

    def _look_around(self, *, busy: bool) -> None:
        now = time.monotonic()
        if now - self._looked >= (_MACHINE_EVERY if busy else _MACHINE_EVERY_IDLE):
            self._looked = now
            self._sample(busy=busy)
        if now - self._checked >= _CHECK_EVERY and self._gpus is not None:
            from cockpit.domain.checklist import checklist
            from cockpit.project import gather

            self._checked = now
            self._checks = checklist(gather(self._project, self._gpus))

    def _sample(self, *, busy: bool) -> None:
        from cockpit.probes.gpu import GpuProbe
        from cockpit.probes.host import HostProbe

        if self._probes is None:
            self._probes = GpuProbe(), HostProbe(self._project.root)
        gpu_probe, host_probe = self._probes
        self._gpus = gpu_probe.sample()
        machine = host_probe.sample()
        if busy or self._machine is None or not machine.is_like(self._machine):
            self._machine = machine  # an idle cockpit repaints for what a person would notice
        for gpu in self._gpus.gpus:
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


def _last_lines(path: Path) -> tuple[str, ...]:
    """The end of a log, whatever its size."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = max(0, size - _LOG_BYTES)
            file.seek(start)
            lines = file.read(_LOG_BYTES).decode(errors="replace").splitlines()
    except OSError:
        return ()
    # a carriage return paints over what stood before it
    whole = lines[1:] if start else lines
    return tuple(line.rstrip().rpartition("\r")[2] for line in whole if line.strip())[-_LOG_LINES:]
