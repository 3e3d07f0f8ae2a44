"""Writes what files of other formats tell into the run directory, in the form of its own scalars."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import numpy as np

from cockpit.domain.line import Line
from cockpit.domain.timeline import Laid
from cockpit.runner.tailed_file import Recorded, TailedFile
from cockpit.runs.journal import JournalTail, JournalWriter
from cockpit.runs.layout import RunPaths
from cockpit.runs.scalar_tail import ScalarTail
from cockpit.runs.scalars import ATTEMPT, Scalar, ScalarWriter
from cockpit.runs.tailed_fold import TailedFold
from cockpit.sources.origin import with_files
from cockpit.sources.source import Found, Source
from cockpit.sources.walk import Kind

_PIECES = 50  # of one file in one look
_MOST_TAGS = 1_000
_FIRST_STEP = -(2**63)  # that an int64 can be
_TOLD = ("step", "steps_total", "epoch", "seconds_left")


class TailedFiles:
    """The files of one attempt; an earlier attempt's tags keep their numbers.

    Args:
        run: the run directory.
        journal: where to write what is no number.
        began: when the attempt did, seconds since the epoch.
    """

    def __init__(self, run: RunPaths, journal: JournalWriter, began: float) -> None:
        self._run, self._began = run, began
        self._before = TailedFold()  # what earlier attempts have left
        for event in JournalTail(run.tailed_journal).poll()[0]:
            self._before.apply(event)
        self._numbers = {name: tag for tag, name in self._before.tags.items()}
        self._files: list[TailedFile] = []
        self._recalled: dict[str, tuple[TailedFile, list[Laid]]] = {}  # with what came since it was last read
        self._seen: dict[TailedFile, float] = {}  # when each last told something
        self._lines: dict[TailedFile, Line] = {}
        self._told_by = dict(self._before.told_by)
        self._called = {told_by: name for name, told_by in self._told_by.items()}
        self._owner: dict[str, TailedFile] = {}  # which file of this attempt tells of a name
        self._told: dict[str, object] = dict.fromkeys(_TOLD)
        self._seed: int | None = None
        self._journal, self._scalars = journal, ScalarWriter(run.tailed)

    @property
    def known(self) -> set[str]:
        """Places of what earlier attempts have followed."""
        return {place for place, _ in self._before.told_by.values()}

    def recall(self, kind: Kind) -> None:
        """Read one that an earlier attempt has followed, before this one writes to it."""
        file = self._open(kind)
        told = [each for news in _pieces(file) for each in news]
        if all(each.back_to is None for each in told):  # else it is not as it was left: somebody else has written it
            file.resumed()
            self._recalled[file.place] = file, told

    def add(self, kind: Kind) -> None:
        """Follow one more."""
        place = place_of(kind[1])
        file, told = self._recalled.pop(place) if place in self._recalled else (self._open(kind), [])
        self._files.append(file)
        self._seen[file] = self._began
        self._write(file, told, self._began)
        self._journal.write("source", format=file.format, path=file.place)

    def read(self) -> None:
        """Take in what is new in each."""
        for file in self._files:
            for news in _pieces(file):
                self._write(file, news, time.time())
            if file.line != self._lines.get(file, Line()):
                self._lines[file] = line = file.line
                self._journal.write("line", path=file.place, carried=file.carried, **dataclasses.asdict(line))
        self._tell()

    def _open(self, kind: Kind) -> TailedFile:
        place = place_of(kind[1])
        return TailedFile(cast(Source, kind[0]), kind[1], place, lambda: self._recorded(place), self._before.line)

    def _recorded(self, place: str) -> Recorded:
        """What was recorded of a file, by its own names of the tags."""
        mine = {name: tag for name, (told_by, tag) in self._told_by.items() if told_by == place}
        if not mine:
            return {}
        tail = ScalarTail(self._run.tailed)
        tail.poll()
        views = {tag: tail.series[self._numbers[name]].view() for name, tag in mine.items()
                 if self._numbers[name] in tail.series}  # fmt: skip
        return {tag: (view.steps, view.values) for tag, view in views.items()}

    def _write(self, file: TailedFile, news: Iterable[Laid], now: float) -> None:
        records: list[Scalar] = []
        for tag, back_to, steps, told_at, values in news:
            name = self._name(file, tag)
            if name is None:
                continue
            back = [] if back_to is None else [back_to]
            if self._owner.get(name) is not file:
                back += [int(steps[0])] if self._take_over(file, tag, name) and len(steps) else []
            number = self._numbers[name]
            if back:  # what another file had told from there on is redone
                records.append((max(min(back) - 1, _FIRST_STEP), now, math.nan, ATTEMPT, number + 1))
            times = np.linspace(self._seen[file], now, len(steps) + 1)[1:]  # where the format has none
            times = np.where(np.isfinite(told_at), told_at, times)
            columns = (column.tolist() for column in (steps, times, values))
            records += [(step, at, value, number, 0) for step, at, value in zip(*columns, strict=True)]
        self._scalars.write(records)
        if records:
            self._seen[file] = now

    def _name(self, file: TailedFile, tag: str) -> str | None:
        """What a tag of a file is called here; None where another file tells of it, or there are too many."""
        known = self._called.get((file.place, tag))
        if known is not None and self._owner.get(known, file) is file:
            return known
        others = {other.place for other in self._files if other is not file}
        beside = f"{_folder(file.path)}/{tag}"  # of a second file of one format, as TensorFlow writes validations
        for name in (tag, beside):
            owner = self._owner.get(name)
            if owner is None and self._told_by.get(name, ("", ""))[0] not in others:
                return name if name in self._numbers or len(self._numbers) < _MOST_TAGS else None
            if owner is not None and owner.format != file.format:
                return None
        return None

    def _take_over(self, file: TailedFile, tag: str, name: str) -> bool:
        """From now on a file tells of a name; whether another one did before."""
        self._owner[name], before, now = file, self._told_by.get(name), (file.place, tag)
        if before != now:
            self._told_by[name], self._called[now] = now, name
            number = self._numbers.setdefault(name, len(self._numbers))
            self._journal.write("tag", tag=number, name=name, path=now[0], own=tag)
        return before is not None and before != now

    def _tell(self) -> None:
        """Record what the files say besides their curves; where several tell the same thing the first counts."""
        told: dict[str, object] = {}
        for key in _TOLD:
            found = (getattr(file.told, key) for file in self._files)
            told[key] = next((value for value in found if value is not None), None)
        if told != self._told:
            self._told = told
            self._journal.write("told", durable=False, **told)
        if self._seed is None:
            self._tell_seed()

    def _tell_seed(self) -> None:
        """The first that is found in the files or beside them."""
        found = (with_files(file.told.origin, file.told.folders) for file in self._files)
        origin = next((origin for origin in found if origin.seed is not None), None)
        if origin is not None:
            self._seed = origin.seed
            self._journal.write("origin", seed=origin.seed, seed_by=origin.seed_by)


def _pieces(file: TailedFile) -> Iterator[list[Laid]]:
    """What is new in a file, in pieces."""
    for _ in range(_PIECES):
        try:
            yield file.poll()
        except OSError:
            return
        if not file.more:
            return


def place_of(found: Found) -> str:
    """Where it lies, as the journal names it."""
    return f"{found.path}#{found.key}" if found.key else str(found.path)


def _folder(path: Path) -> str:
    return path.name if path.is_dir() else path.parent.name
