"""Finds runs below folders, and those that come later, at a cost that does not grow with what stays as it is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from cockpit.sources.source import Finder, Found

_DEEPEST = 12  # folders
_MOST = 20_000  # folders; beyond them a person should say more exactly where to look
_TICK = 2_000_000_000  # nanoseconds after which two changes of a folder surely differ in time
_PASSED_OVER = {"node_modules", "__pycache__", "site-packages"}

Kind = tuple[Finder, Found]


class Walk:
    """Looks below some paths, again and again.

    Folders are listed again only when they changed; links are not followed, and hidden folders not entered.
    """

    def __init__(self, paths: Sequence[Path], finders: Sequence[Finder]) -> None:
        self._paths, self._finders = paths, finders
        self._listed: dict[str, tuple[int, list[Kind], list[str]]] = {}
        self.cut_short = False  # whether there were more folders than are looked at

    def look(self) -> list[Kind]:
        """Every run there is now, each once, in the order of their paths."""
        seen: set[str] = set()
        found: dict[tuple[str, Found], Kind] = {}
        self.cut_short = False
        for path in self._paths:
            kinds: Iterable[Kind] = self._of_files([path]) if path.is_file() else self._below(str(path), seen)
            for kind in kinds:
                found.setdefault((kind[0].name, kind[1]), kind)
        for gone in self._listed.keys() - seen:
            del self._listed[gone]
        return list(found.values())

    def _below(self, top: str, seen: set[str]) -> Iterable[Kind]:
        waiting = [(top, 0)]
        while waiting:
            folder, depth = waiting.pop()
            if folder in seen:
                continue
            if len(seen) >= _MOST:
                self.cut_short = True
                return
            seen.add(folder)
            kinds, below = self._list(folder)
            yield from kinds
            if depth < _DEEPEST and not any(found.whole for _, found in kinds):
                waiting += [(f"{folder}/{name}", depth + 1) for name in reversed(below)]

    def _list(self, folder: str) -> tuple[list[Kind], list[str]]:
        """The runs that files of this folder tell of, and the folders in it."""
        try:
            changed = os.stat(folder).st_mtime_ns
            known = self._listed.get(folder)
            if known is not None and known[0] == changed:
                return known[1], known[2]
            with os.scandir(folder) as entries:
                names = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        except OSError:
            self._listed.pop(folder, None)
            return [], []
        below = sorted(n for n, is_dir in names if is_dir and not n.startswith(".") and n not in _PASSED_OVER)
        kinds = self._of_files(Path(folder, name) for name, is_dir in sorted(names) if not is_dir)
        # the clock of a filesystem has coarse ticks, and what is inside a database no folder tells of
        settled = time.time_ns() - changed > _TICK and not any(found.key for _, found in kinds)
        self._listed[folder] = changed if settled else -1, kinds, below
        return kinds, below

    def _of_files(self, paths: Iterable[Path]) -> list[Kind]:
        return [(finder, found) for path in paths for finder in self._finders for found in _runs(finder, path)]


def _runs(finder: Finder, path: Path) -> Iterable[Found]:
    try:
        return finder.runs(path)
    except Exception:  # a plug-in of somebody else must not close the cockpit
        return ()
