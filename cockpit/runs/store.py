"""The runs of a project: listed newest first, found by id, prefix or ``latest``."""

from __future__ import annotations

from pathlib import Path

from cockpit.domain.run import RunState
from cockpit.errors import RunNotFound
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader

_LATEST = "latest"


def run_folders(runs_folder: Path) -> list[RunPaths]:
    """Every run directory, newest first (their ids begin with the time)."""
    try:
        names = sorted((entry.name for entry in runs_folder.iterdir() if not entry.name.startswith(".")), reverse=True)
    except (FileNotFoundError, NotADirectoryError):
        return []
    runs = (RunPaths(runs_folder / name) for name in names)
    return [run for run in runs if run.run_json.exists()]


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
    """All runs of a folder, kept up to date cheaply: a run that ended and did not change is not read again."""

    def __init__(self, runs_folder: Path) -> None:
        self._folder = runs_folder
        self._readers: dict[str, RunReader] = {}
        self._known: dict[str, tuple[float, RunState]] = {}

    def poll(self) -> tuple[RunState, ...]:
        """The state of every run, newest first, without series."""
        runs = run_folders(self._folder)
        gone = self._known.keys() - {run.id for run in runs}
        for name in gone:
            del self._known[name], self._readers[name]
        return tuple(self._look(run) for run in runs)

    def _look(self, run: RunPaths) -> RunState:
        known = self._known.get(run.id)
        changed = _changed(run)
        if known is not None and known[0] == changed and not known[1].state.active:
            return known[1]
        state = self._readers.setdefault(run.id, RunReader(run)).poll()
        self._known[run.id] = (changed, state)
        return state


def _changed(run: RunPaths) -> float:
    """Newest modification of the files whose growth can change an ended run's state."""
    newest = 0.0
    for path in (run.journal, run.runner_journal):
        try:
            newest = max(newest, path.stat().st_mtime)
        except FileNotFoundError:
            continue
    return newest
