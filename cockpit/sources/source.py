"""What a format has to offer to be watched, and the formats that are installed.

A format is an object with the methods of :class:`Source`, named by an entry point of the group ``cockpit.sources``::

    [project.entry-points."cockpit.sources"]
    mine = "my_package.my_format:MyFormat"

Its files are data from outside: whatever bytes they hold, nothing here raises but ``OSError``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

from cockpit.domain.run import Best
from cockpit.domain.state import State
from cockpit.domain.timeline import Points, Rewind
from cockpit.domain.vitals import Memory, Origin

GROUP = "cockpit.sources"


class Found(NamedTuple):
    """Where a run lies."""

    path: Path  # a file or a folder
    key: str = ""  # which of several in one file
    whole: bool = False  # a folder in which nothing else is looked for


@dataclass(frozen=True, slots=True)
class Told:
    """What the format says of the run beside its curves; None is *not said*. Times in seconds since the epoch."""

    name: str = ""
    step: int | None = None
    steps_total: int | None = None
    epoch: int | None = None  # 0-based
    epochs_total: int | None = None
    origin: Origin = field(default_factory=Origin)
    begun: float | None = None
    seconds_left: float | None = None  # as its own last record estimates
    reached: tuple[tuple[int, float], ...] = ()  # steps and when they were, for points without times; ascending
    ended: tuple[State, str] | None = None  # only what was written down, with the words for it
    best: Best | None = None
    folders: tuple[Path, ...] = ()  # where a run of this kind has its checkpoints and its config
    memory: tuple[Memory, ...] = ()
    changed: float | None = None  # when the file last did, for formats without times
    bad: int = 0  # records that could not be read
    notes: tuple[str, ...] = ()  # what a person should know about the reading


@dataclass(slots=True)
class News:
    """What a look has found."""

    items: list[Points | Rewind] = field(default_factory=list)
    told: Told = Told()
    restarted: bool = False  # what earlier looks gave no longer stands there: forget it first
    more: bool = False  # the rest is left for the next look, so that nobody waits
    corrected: bool = False  # what no longer stands there was wrong, also where what is told now begins later


class Tail(Protocol):
    """Follows one run."""

    def poll(self) -> News:
        """What came since the last look. Costs next to nothing where nothing did."""


class Finder(Protocol):
    """Knows files by their names."""

    @property
    def name(self) -> str:
        """What people call it."""

    def runs(self, path: Path) -> Iterable[Found]:
        """The runs that the file at ``path`` belongs to or holds, none if it is not of this format.

        Called for every file again and again: decide by the name.
        """


class Source(Finder, Protocol):
    """One format."""

    def open(self, found: Found) -> Tail:
        """Begin to read."""


@cache
def sources() -> Sequence[Source]:
    """Every format there is; one that cannot be loaded is left out."""
    from importlib.metadata import entry_points

    loaded: list[Source] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            loaded.append(point.load()())
        except Exception:  # noqa: S112 - a broken plug-in of somebody else must not close the cockpit
            continue
    return loaded
