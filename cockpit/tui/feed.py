"""Where snapshots come from: the project's run directories and this machine."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cockpit.runs.layout import RunPaths
from cockpit.tui.inspector import Inspector
from cockpit.tui.machine_look import MachineLook
from cockpit.tui.messages import Snapshot

if TYPE_CHECKING:
    from cockpit.actions.edits import ConfigWatch
    from cockpit.domain.checklist import Check
    from cockpit.domain.run import RunState
    from cockpit.project import Project
    from cockpit.runs.reader import RunReader
    from cockpit.runs.store import Catalogue

_CHECK_EVERY = 15.0  # seconds between walks through data and configs
_LOG_BYTES, _LOG_LINES = 64 * 1024, 500


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
        self._watch: ConfigWatch | None = None
        self._checks: tuple[Check, ...] = ()
        self._checked = -1e9
        self._machine = MachineLook(project.root)
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
                gpus=self._machine.gpus,
                machine=self._machine.machine,
                gpu_history=self._machine.gpu_history,
                host_history=self._machine.host_history,
                config_changes=self._edits(state) if state and not first else (),
                log=last_lines(RunPaths(Path(state.path)).output) if state else (),
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

    def _edits(self, state: RunState) -> tuple[str, ...]:
        """How the config file of an active run differs from the run's own copy."""
        if not state.state.active or state.launch is None:
            return ()
        if self._watch is None or str(self._watch.run.root) != state.path:
            from cockpit.actions.edits import ConfigWatch

            self._watch = ConfigWatch(RunPaths(Path(state.path)), state.launch)
        return self._watch.poll()

    def _look_around(self, *, busy: bool) -> None:
        now = time.monotonic()
        self._machine.look(busy=busy)
        if now - self._checked >= _CHECK_EVERY and self._machine.gpus is not None:
            from cockpit.domain.checklist import checklist
            from cockpit.project.gathering import gather

            self._checked = now
            self._checks = checklist(gather(self._project, self._machine.gpus))


def last_lines(path: Path) -> tuple[str, ...]:
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
