"""Snapshots of whatever trains below some paths, read only."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.domain.checklist import Check
from cockpit.domain.text import count, counted, short_age
from cockpit.runs.layout import RunPaths
from cockpit.tui.feed import last_lines
from cockpit.tui.machine_look import MachineLook
from cockpit.tui.messages import Snapshot

if TYPE_CHECKING:
    from cockpit.domain.run import RunState
    from cockpit.sources.watch import Watch

_FRESH = 60.0  # seconds after its last record in which a run keeps the machine worth sampling


class WatchFeed:
    """Follows the runs below ``paths``; files that come later appear within two seconds."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._watch: Watch | None = None
        self._machine = MachineLook(paths[0] if paths[0].is_dir() else paths[0].parent)
        self._wanted: str | None = None
        self._lock = threading.Lock()
        self._first = True

    def select(self, run_id: str | None) -> None:
        """Which run to read in full from now on."""
        self._wanted = run_id

    def poll(self) -> Snapshot:
        """A look at every run; the very first takes nothing else."""
        with self._lock:
            if self._watch is None:  # not before the first frame: it needs numpy
                from cockpit.sources.watch import Watch

                self._watch = Watch(self._paths)
            runs = self._watch.look()
            state = self._read_selected(self._watch, runs)
            now = time.time()
            first, self._first = self._first, False
            if not first:
                self._machine.look(busy=state is not None and now - _last(state) < _FRESH)
            return Snapshot(
                project=self._paths[0].name if len(self._paths) == 1 else f"{len(self._paths)} paths",
                host=os.uname().nodename,
                now=now,
                runs=runs,
                selected=state,
                checks=self._told(self._watch, runs, now),
                watching=True,
                gpus=self._machine.gpus,
                machine=self._machine.machine,
                gpu_history=self._machine.gpu_history,
                host_history=self._machine.host_history,
                log=last_lines(RunPaths(Path(state.path)).output) if state is not None and state.launch else (),
            )

    def _read_selected(self, watch: Watch, runs: tuple[RunState, ...]) -> RunState | None:
        """The run that was asked for in full, the newest if there is none; it stays when newer ones come."""
        if not any(run.id == self._wanted for run in runs):
            self._wanted = runs[0].id if runs else None
        return watch.look_at(self._wanted) if self._wanted is not None else None

    def _told(self, watch: Watch, runs: tuple[RunState, ...], now: float) -> tuple[Check, ...]:
        """What is watched, a line a format."""
        rows = []
        for name, many in sorted(watch.formats.items()):
            runs_of_it = counted(many, "run")
            rows.append(Check(name, name, "ok", runs_of_it, f"{runs_of_it} recorded by {name}."))
        if len(runs) < watch.formats.total():
            reading = f"{count(len(runs))} of {count(watch.formats.total())}"
            rows.append(Check("reading", "reading", "ok", reading, f"{reading} runs have been read so far."))
        if watch.cut_short:
            detail = "There are more folders than cockpit watches at once."
            rows.append(Check("folders", "folders", "warn", "not all are looked at", detail, "name one further in"))
        if not rows:
            told = "cockpit found no event files, metrics.csv, trainer logs, W&B or MLflow runs, or own runs there yet."
            rows.append(Check("nothing", "nothing yet", "warn", "they appear by themselves", told))
        latest = max((_last(run) for run in runs), default=0.0)
        if latest:
            rows.append(Check("latest", "last record", "ok", short_age(now - latest), "The newest record of all runs."))
        return tuple(rows)


def _last(state: RunState) -> float:
    """When it was recorded last, seconds since the epoch."""
    if state.state.active:
        return state.updated
    return state.ended or (state.started or 0.0) + (state.active_seconds or 0.0)
