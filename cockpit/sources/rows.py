"""Collects values that come one by one into arrays."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np

from cockpit.domain.timeline import Points, Rewind

_LARGEST = 2**63 - 1


class Rows:
    """Collects the values of one look.

    Args:
        session: of the process that wrote them, where the format tells.
        by_time: they are told metric by metric, so that only their times say which came first.
    """

    def __init__(self, session: int | None = None, *, by_time: bool = False) -> None:
        self._session, self._by_time = session, by_time
        self._done: list[Points | Rewind] = []
        self._columns: dict[str, tuple[array[int], array[float], array[float], array[float], array[float]]] = {}
        self._row, self._last = 0, (0, math.nan)

    def add(self, tag: str, step: int, time: float, value: float, epoch: float | None = None) -> None:
        """One value; ``time`` is NaN where it is not known, ``epoch`` None."""
        columns = self._columns.get(tag)
        if columns is None:
            columns = self._columns[tag] = array("q"), array("d"), array("d"), array("d"), array("d")
        if (step, time) != self._last:  # what was logged together stands in one row
            self._row, self._last = self._row + 1, (step, time)
        columns[0].append(max(-_LARGEST, min(_LARGEST, step)))
        columns[1].append(time)
        columns[2].append(value)
        columns[3].append(self._row)
        columns[4].append(math.nan if epoch is None else epoch)

    def go_on(self, session: int) -> None:
        """What follows was written by another process."""
        self._done, self._columns, self._session = self.items(), {}, session

    def items(self) -> list[Points | Rewind]:
        """Everything that was added, a tag at a time."""
        return [*self._done, *(self._points(tag, columns) for tag, columns in self._columns.items())]

    def _points(self, tag: str, columns: tuple[array[int], *tuple[array[float], ...]]) -> Points:
        steps, times, values, rows, epochs = (np.array(column) for column in columns)
        numbered = np.isfinite(epochs).any()
        return Points(
            tag, steps, times, values, None if self._by_time else rows, epochs if numbered else None, self._session
        )


def number(value: object) -> float | None:
    """A metric as JSON or text has it, non-finite ones included; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def whole(value: object) -> int | None:
    """A count as JSON or text has it; None if it is none."""
    found = number(value)
    return int(found) if found is not None and math.isfinite(found) and abs(found) <= _LARGEST else None


def record(line: bytes | str) -> Mapping[str, Any] | None:
    """A JSON object; None if it is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
