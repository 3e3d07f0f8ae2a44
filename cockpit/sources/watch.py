"""Everything below some paths that looks like a training run, found, followed, newest first."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from cockpit.domain.run import RunState
from cockpit.sources.own import OwnRun, OwnRuns
from cockpit.sources.source import Found, Source, sources
from cockpit.sources.walk import Kind, Walk
from cockpit.sources.watched import WatchedRun

_WALK_EVERY = 1.0  # seconds between looks for new runs
_AT_A_TIME = 200  # runs looked at again in one look
_SHORT, _LONG = 2, 8  # bytes of the hash in an id: few to read aloud, more for runs that would share them
_BUDGET = 0.4  # seconds of reading in one look, so that nobody waits long for the next


class Followed(Protocol):
    """One run, whoever records it."""

    id: str
    path: Path
    more: bool

    @property
    def begun(self) -> float:
        """When it did, seconds since the epoch."""

    def read(self) -> None:
        """Take in a piece of what is new."""

    def state(self) -> RunState:
        """What is known now."""


class Watch:
    """Follows the runs below some paths; all but the selected one without their curves.

    Args:
        paths: files and folders; absolute.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._walk = Walk(paths, [OwnRuns(), *sources()])
        self._walked = -1e9
        self._kinds: dict[str, Kind] = {}
        self._runs: dict[str, Followed] = {}
        self._states: dict[str, RunState] = {}
        self._titles: Counter[str] = Counter()  # two formats may record one training
        self._turn = 0
        self._selected: Followed | None = None

    @property
    def cut_short(self) -> bool:
        """Whether there are more folders than are looked at."""
        return self._walk.cut_short

    @property
    def formats(self) -> Counter[str]:
        """How many runs there are of each format."""
        return Counter(finder.name for finder, _ in self._kinds.values())

    def look(self) -> tuple[RunState, ...]:
        """Every run, newest first; reads for a while and leaves the rest to the next look."""
        if time.monotonic() - self._walked >= _WALK_EVERY:
            self._find()
            self._walked = time.monotonic()
        until = time.monotonic() + _BUDGET
        for run in self._due():
            run.read()
            while run.more and time.monotonic() < until:
                run.read()
            self._states[run.id] = run.state()
            if time.monotonic() >= until:
                break
        ordered = sorted(self._runs.values(), key=lambda run: (-run.begun, run.id))
        return tuple(self._states[run.id] for run in ordered if run.id in self._states)

    def look_at_all(self) -> tuple[RunState, ...]:
        """Every run, read to its end."""
        states = self.look()
        while len(states) < len(self._runs) or any(run.more for run in self._runs.values()):
            states = self.look()
        return states

    def look_at(self, run_id: str) -> RunState | None:
        """One run with its curves; None if it is not there. A long one comes in several looks."""
        if run_id not in self._kinds:
            return None
        if self._selected is None or self._selected.id != run_id:
            self._selected = self._follow(run_id, series=True)
        until = time.monotonic() + _BUDGET
        self._selected.read()
        while self._selected.more and time.monotonic() < until:
            self._selected.read()
        return self._selected.state()

    def _find(self) -> None:
        found = self._walk.look()
        short = [self._id(kind) for kind in found]
        shared = Counter(short)
        ids = (own if shared[own] == 1 else self._id(kind, _LONG) for own, kind in zip(short, found, strict=True))
        self._kinds = dict(zip(ids, found, strict=True))
        self._titles = Counter(self._title(found) for _, found in self._kinds.values() if not found.key)
        for gone in self._runs.keys() - self._kinds.keys():
            del self._runs[gone]
            self._states.pop(gone, None)
        for run_id in self._kinds.keys() - self._runs.keys():
            self._runs[run_id] = self._follow(run_id, series=False)

    def _follow(self, run_id: str, *, series: bool) -> Followed:
        finder, found = self._kinds[run_id]
        if isinstance(finder, OwnRuns):
            return OwnRun(found, run_id, series=series)
        title = self._title(found)
        name = f"{title} · {finder.name}" if self._titles[title] > 1 else title
        return WatchedRun(cast(Source, finder), found, name, run_id, series=series)

    def _due(self) -> list[Followed]:
        """Those never read, then those with more to read, then some of the others in their turn."""
        runs = list(self._runs.values())
        new = [run for run in runs if run.id not in self._states]
        more = [run for run in runs if run.more and run.id in self._states]
        others = [run for run in runs if not run.more and run.id in self._states]
        start = self._turn if self._turn < len(others) else 0
        self._turn = start + _AT_A_TIME
        return [*others[start : self._turn], *new, *more]

    def _id(self, kind: Kind, size: int = _SHORT) -> str:
        """Where it lies, and ``size`` bytes of a hash, as digits; a run of cockpit's own has some in its name."""
        finder, found = kind
        own = isinstance(finder, OwnRuns)
        title = found.path.name if own else self._title(found)
        if own and size == _SHORT:
            return title
        told = f"{finder.name}\0{found.path}\0{found.key}"
        return f"{title}-{hashlib.blake2b(told.encode(errors='surrogateescape'), digest_size=size).hexdigest()}"

    def _title(self, found: Found) -> str:
        """The folder it lies in, below the one that was named, with that one's name where there are several."""
        folder = found.path.parent if found.path.is_file() else found.path
        for top in self._paths:
            if found.path == top:
                return top.name
            if folder.is_relative_to(top):
                below = folder.relative_to(top)
                return top.name if below == Path() else str(below if len(self._paths) == 1 else Path(top.name) / below)
        return str(folder)
