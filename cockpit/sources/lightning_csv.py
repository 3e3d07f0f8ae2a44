"""``metrics.csv`` of Lightning's CSVLogger: a row per logging, a column per metric, most cells empty.

When a metric appears for the first time, the logger writes the whole file anew with a longer header. Tables that pandas
writes have ``nan`` in cells that CSVLogger leaves empty.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cockpit.sources.gaps import Gaps, Kind
from cockpit.sources.growing import Lines
from cockpit.sources.rows import Rows, number, whole
from cockpit.sources.source import Found, News, Tail, Told

_NAME = "metrics.csv"


class LightningCsv:
    """Files called ``metrics.csv``."""

    name = "metrics.csv"

    def runs(self, path: Path) -> Iterable[Found]:
        """The file itself."""
        return (Found(path),) if path.name == _NAME else ()

    def open(self, found: Found) -> Tail:
        """Begin to read it."""
        return LightningCsvTail(found.path)


@dataclass(frozen=True, slots=True)
class _Row:
    """One that has been read; ``values`` by column."""

    step: int
    epoch: int | None
    values: dict[int, float]

    @property
    def kind(self) -> Kind:
        """Which of its columns have a number, and which NaN."""
        missing = frozenset(column for column, value in self.values.items() if math.isnan(value))
        return frozenset(self.values) - missing, missing


class LightningCsvTail:
    """Follows one file."""

    def __init__(self, path: Path) -> None:
        self._path, self._folders = path, (path.parent,)
        self._lines = Lines(path)
        self._gaps: Gaps | None = None  # once there is a NaN
        self._begin()

    def _begin(self) -> None:
        self._header: list[str] = []
        self._columns: dict[str, int] = {}  # of the metrics; of two that are called alike the last counts
        self._row = self._bad = self._headers = 0
        self._step: int | None = None
        self._epoch: int | None = None

    def poll(self) -> News:
        """The rows that were added."""
        lines, restarted, more = self._lines.read()
        if restarted:
            self._gaps = None
            self._begin()
        told_before = self._row > 0
        rows = [self._take(line.decode(errors="replace")) for line in lines]
        if self._learn([row for row in rows if isinstance(row, _Row)]) and told_before:
            self._lines = Lines(self._path)  # what was said of earlier rows is wrong: all of them are said again
            self._begin()
            return News([], self._told, restarted=True, corrected=True, more=True)
        collected = Rows(self._first_header(rows))
        for row in rows:
            if isinstance(row, _Row):
                self._add(row, collected)
            elif row is not None:
                collected.go_on(row)
        return News(collected.items(), self._told, restarted, more)

    @property
    def _told(self) -> Told:
        return Told(
            step=self._step, epoch=self._epoch, changed=self._lines.file.changed,
            bad=self._bad + self._lines.bad, folders=self._folders,
        )  # fmt: skip

    def _first_header(self, rows: list[_Row | int | None]) -> int | None:
        """The number of the header, among those that came again, that the first of these rows stand below."""
        return (self._headers - sum(isinstance(row, int) for row in rows)) or None

    def _learn(self, rows: list[_Row]) -> bool:
        """See which NaN stand for nothing; whether earlier rows were said otherwise."""
        if self._gaps is None and any(map(math.isnan, (v for row in rows for v in row.values.values()))):
            self._gaps = Gaps(self._header)
            self._gaps.learn(row.kind for row in rows)
            return True
        return self._gaps is not None and self._gaps.learn(row.kind for row in rows)

    def _add(self, row: _Row, collected: Rows) -> None:
        missing = self._gaps.of(row.kind) if self._gaps is not None else frozenset()
        for column, value in row.values.items():
            if column not in missing:
                collected.add(self._header[column], row.step, math.nan, value, row.epoch)

    def _take(self, line: str) -> _Row | int | None:
        """A row, or the number of a header that came again; None of what is neither."""
        try:
            cells = next(csv.reader([line]), [])
        except csv.Error:
            self._bad += 1
            return None
        if not self._header:
            self._header = cells
            self._columns = {name: at for at, name in enumerate(cells) if name not in ("step", "epoch")}
            return None
        if cells == self._header:  # a script that is run again appends another
            self._headers += 1
            return self._headers
        if len(cells) != len(self._header):
            self._bad += 1
            return None
        row = dict(zip(self._header, cells, strict=True))
        step, epoch = whole(row.get("step", self._row)), whole(row.get("epoch"))
        self._row += 1
        if step is None:
            self._bad += 1
            return None
        self._step, self._epoch = step, self._epoch if epoch is None else epoch
        values = {}
        for column in self._columns.values():
            value = number(cells[column])
            if value is not None:
                values[column] = value
            elif cells[column].strip():
                self._bad += 1
        return _Row(step, epoch, values)
