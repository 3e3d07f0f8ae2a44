"""Notices that data or download caches grow under a run that may not download.

The folders are walked on a thread of its own, at a tenth of a core at the most. What people have agreed to fetch
(``cockpit fetch``) is left out. What a folder has grown by is told, not who made it grow: that the kernel tells nobody.
"""

from __future__ import annotations

import os
import queue
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.fetching.shelf import Shelf

PERIOD = 1.0  # seconds between two walks of small folders
_SHARE = 9  # seconds of rest for a second of walking
DATA = "data"  # what the project's own data folder is called in Watch


@dataclass(frozen=True, slots=True)
class Watch:
    """What a run must not make grow.

    Attributes:
        folders: absolute, by what a person calls them.
        limit: bytes that go without asking.
    """

    folders: Mapping[str, str] = field(default_factory=dict)
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Trip:
    """Why a trainer has to be held: how much the folders have grown."""

    bytes: int
    limit: int
    folders: Mapping[str, int]


class Tripwire:
    """Walks the folders again and again until it is stopped.

    Args:
        watch: what is walked.
        besides: a folder in them that may grow, such as that of the runs.
        began: files changed after it count in full, seconds since the epoch: the trainer starts while the first walk
            is under way.
    """

    def __init__(self, watch: Watch, besides: Path, began: float, period: float = PERIOD) -> None:
        self._folders, self._limit, self._period = watch.folders, watch.limit, period
        self._besides, self._began = besides, began
        self._allowed = watch.limit
        self._trips: queue.SimpleQueue[Trip] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="tripwire", daemon=True)

    def start(self) -> None:
        """Begin with the sizes as they are."""
        if self._folders:
            self._thread.start()

    def stop(self) -> None:
        """No more walks; does not wait for the one under way."""
        self._stopped.set()

    def take(self) -> Trip | None:
        """Why the trainer has to be held, told once; the next time it is at twice as much."""
        return self._trips.get() if self._trips.qsize() else None

    def _loop(self) -> None:
        before: dict[str, int] | None = None
        while not self._stopped.is_set():
            with suppress(OSError):  # a network filesystem may refuse for a while
                if before is None:
                    before = self._measure(until=self._began)
                else:
                    self._compare(before, self._measure())
            self._stopped.wait(self._period)

    def _compare(self, before: Mapping[str, int], now: Mapping[str, int]) -> None:
        grown = {name: size - before[name] for name, size in now.items()}
        total = sum(max(0, count) for count in grown.values())  # what one has lost makes up for no other
        if total > self._allowed:
            self._trips.put(Trip(total, self._limit, grown))
            self._allowed = total + max(total, self._limit)

    def _measure(self, until: float = float("inf")) -> dict[str, int]:
        agreed = Shelf(Path(self._folders[DATA])).agreed() if DATA in self._folders else {}
        seen = set(_identity(str(self._besides)))
        return {name: self._size(folder, agreed, seen, until) for name, folder in self._folders.items()}

    def _size(self, folder: str, agreed: Mapping[str, int], seen: set[tuple[int, int]], until: float) -> int:
        total = 0
        for path, status in _files(os.path.realpath(folder), seen, self._rest):
            if status.st_ctime < until:
                total += max(0, status.st_size - agreed.get(path, 0))
        return total

    def _rest(self, walked: float) -> None:
        self._stopped.wait(_SHARE * walked)


def _files(
    root: str, seen: set[tuple[int, int]], rest: Callable[[float], None]
) -> Iterator[tuple[str, os.stat_result]]:
    """Every regular file below ``root``, folders behind links included, none twice."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        began = time.perf_counter()
        identity = _identity(folder)
        if not identity or not seen.isdisjoint(identity):
            continue
        seen.update(identity)
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir():
                        waiting.append(os.path.realpath(entry.path) if entry.is_symlink() else entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        with suppress(OSError):  # it went away
                            yield entry.path, entry.stat(follow_symlinks=False)
        except OSError:  # likewise, or not ours to read
            continue
        finally:
            rest(time.perf_counter() - began)


def _identity(folder: str) -> tuple[tuple[int, int], ...]:
    try:
        status = os.stat(folder)
    except OSError:
        return ()
    return ((status.st_dev, status.st_ino),) if stat.S_ISDIR(status.st_mode) else ()
