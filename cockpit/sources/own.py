"""Cockpit's own run directories among what is watched: read as everywhere, and nothing is written into them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cockpit.domain.run import RunState
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.sources.source import Found


class OwnRuns:
    """Folders with a ``run.json`` beside ``requests/``."""

    name = "cockpit"

    def runs(self, path: Path) -> Iterable[Found]:
        """The run directory; its loggers' own files are not looked for."""
        own = path.name == RunPaths.run_json.name and RunPaths(path.parent).requests.is_dir()
        return (Found(path.parent, whole=True),) if own else ()


class OwnRun:
    """Follows one, as :class:`cockpit.sources.watched.WatchedRun` does others."""

    more = False

    def __init__(self, found: Found, run_id: str, *, series: bool) -> None:
        self.id, self.path = run_id, found.path
        self._reader = RunReader(RunPaths(found.path), series=series)
        self._state = self._reader.poll()

    @property
    def begun(self) -> float:
        """When it was created."""
        return self._state.launch.created if self._state.launch else self._state.started or 0.0

    def read(self) -> None:
        """Take in what is new."""
        self._state = self._reader.poll()

    def state(self) -> RunState:
        """What is known now."""
        return self._state
