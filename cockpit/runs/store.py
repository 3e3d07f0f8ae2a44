"""The runs of a project: listed newest first, found by id, prefix or ``latest``."""

from __future__ import annotations

import dataclasses
import os
import time
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.domain.run import RunState
from cockpit.domain.state import State
from cockpit.domain.vitals import Vitals
from cockpit.errors import RunNotFound
from cockpit.runs.index import Known, read_index, stamp, write_index
from cockpit.runs.layout import RunPaths

if TYPE_CHECKING:
    from cockpit.runs.reader import RunReader

_LATEST = "latest"
_TO_THE_MINUTE = len("2026-11-22T1830")
_AT_A_TIME = 100  # ended runs that are looked at again at a poll
_TICK = 2_000_000_000  # nanoseconds after which two changes of a folder surely differ in time
_WORTH_WRITING = 50  # runs that had to be read before they are remembered on disk


def run_folders(runs_folder: Path) -> list[RunPaths]:
    """Every run directory, newest first (their ids begin with the time)."""
    return [RunPaths(runs_folder / name) for name in _names(runs_folder) if _is_run(runs_folder, name)]


def _names(runs_folder: Path) -> list[str]:
    try:
        found = os.listdir(runs_folder)  # noqa: PTH208 - names, ten thousand of them
    except (FileNotFoundError, NotADirectoryError):
        return []
    names = sorted((name for name in found if not name.startswith(".")), reverse=True)
    return [name for _, same in groupby(names, key=_minute) for name in _newest_first(runs_folder, [*same])]


def _minute(name: str) -> str:
    return name[:_TO_THE_MINUTE]


def _newest_first(runs_folder: Path, names: list[str]) -> list[str]:
    """Of runs whose ids begin with the same minute; what one is called says nothing of its age."""
    if len(names) < 2:
        return names

    def made(name: str) -> int:
        try:
            return os.stat(f"{runs_folder}/{name}/{RunPaths.run_json.name}").st_mtime_ns
        except OSError:
            return 0

    return sorted(names, key=made, reverse=True)


def _is_run(runs_folder: Path, name: str) -> bool:
    return os.path.exists(f"{runs_folder}/{name}/{RunPaths.run_json.name}")  # noqa: PTH110


def find_run(runs_folder: Path, reference: str) -> RunPaths:
    """The run that ``reference`` names: an id, a unique prefix of an id or of its last group, or ``latest``.

    Raises:
        RunNotFound: none or several answer to it.
    """
    runs = run_folders(runs_folder)
    if not runs:
        raise RunNotFound(f"There is no run in {runs_folder} yet", "No runs", "Start one: cockpit start CONFIG")
    if reference == _LATEST:
        return runs[0]
    exact = [run for run in runs if run.id == reference]
    found = exact or [
        run for run in runs if run.id.startswith(reference) or run.id.rsplit("-", 1)[-1].startswith(reference)
    ]
    if not reference or not found:
        raise RunNotFound(f"No run answers to {reference!r}", "No such run", "See them: cockpit runs")
    if len(found) > 1:
        names = ", ".join(run.id for run in found[:4])
        raise RunNotFound(f"{reference!r} could be {names}", "Several runs answer", "Give more of the id")
    return found[0]


class Catalogue:
    """All runs of a folder, newest first, kept up to date at a cost that does not grow with those that ended.

    A run that is active is read at every poll. One that ended is looked at again in its turn, a few at a poll, and
    read only if its files changed; of most of them an index tells enough. States are for lists: they have no series,
    and those of ended runs need not have what ``RunReader`` knows beyond the columns of ``runs/index.py``.
    """

    def __init__(self, runs_folder: Path) -> None:
        self._folder = runs_folder
        self._readers: dict[str, RunReader] = {}
        self._known: Known | None = None
        self._turn = 0
        self._ids: list[str] = []
        self._listed = -1  # when the folder had last changed as it was listed, nanoseconds

    def ids(self) -> list[str]:
        """Every run, newest first; the folder is listed only if something came or went."""
        try:
            changed = os.stat(self._folder).st_mtime_ns
        except OSError:
            changed = 0
        if changed != self._listed:
            names, known = _names(self._folder), self._known or {}
            self._ids = [name for name in names if name in known or _is_run(self._folder, name)]
            # a folder may become a run yet, and the clock of a filesystem has coarse ticks
            settled = len(self._ids) == len(names) and time.time_ns() - changed > _TICK
            self._listed = changed if settled else -1
        return self._ids

    def poll(self, read: RunState | None = None) -> tuple[RunState, ...]:
        """The state of every run; ``read`` is one that the caller has just read and need not be read again."""
        first = self._known is None
        known = self._known = read_index(self._folder) if self._known is None else self._known
        names = self.ids()
        due = names if first else self._due(names)
        for name in known.keys() - set(names):
            del known[name]
            self._readers.pop(name, None)
        news = sum([self._look(name, read if read and read.id == name else None) for name in due])
        if news >= _WORTH_WRITING:
            write_index(self._folder, {n: k for n, k in known.items() if _is_over(k[1])})
        return tuple(known[name][1] for name in names)

    def _due(self, names: list[str]) -> list[str]:
        """Those that are new or active, and some of those that ended."""
        known = self._known or {}
        over = [name for name in names if name in known and not known[name][1].state.active]
        start = self._turn if self._turn < len(over) else 0
        self._turn = start + _AT_A_TIME
        return [name for name in names if name not in known or known[name][1].state.active] + over[start : self._turn]

    def _look(self, name: str, read: RunState | None) -> bool:
        """Bring one run up to date; whether it ended and was not known to."""
        assert self._known is not None  # noqa: S101 - poll() comes first
        before = self._known.get(name)
        stamped = stamp(f"{self._folder}/{name}")
        if before is not None and before[0] == stamped and not before[1].state.active:
            return False
        if read is None:
            from cockpit.runs.reader import RunReader  # a list of runs that ended needs none

            read = self._readers.setdefault(name, RunReader(RunPaths(self._folder / name))).poll()
        state = dataclasses.replace(read, series={}, vitals=Vitals())
        self._known[name] = stamped, state
        if not state.state.active:
            self._readers.pop(name, None)
        return _is_over(state)


def _is_over(state: RunState) -> bool:
    """Whether every look from now on, from wherever, finds the same."""
    return not state.state.active and state.state is not State.UNKNOWN
