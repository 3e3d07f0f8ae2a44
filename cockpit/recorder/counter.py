"""The step counter of a loop, which may go back: training was resumed, or each epoch counts from the first step."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from cockpit.domain.line import Line

if TYPE_CHECKING:
    from cockpit.domain.timeline import Timeline

_HISTORY = 3  # points of a tag from which a line can go on: its first, and the last two


class Counter:
    """Lays its steps on one line. As long as none is smaller than the one before, that costs a look-up.

    Args:
        line: what earlier attempts have left.
    """

    def __init__(self, line: Line) -> None:
        self._before = line
        self._count = 0
        self._points: dict[str, list[tuple[int, int]]] = {}  # of each tag: step and order of the first, the last two
        self._timeline: Timeline | None = None
        if line.offset:
            with suppress(ImportError):
                self._begin()

    @property
    def line(self) -> Line:
        """What has happened to it."""
        return self._timeline.line if self._timeline is not None else self._before

    def at(self, step: int) -> int:
        """Where a step of the present epoch lies."""
        return step + self.line.offset

    def lay(self, step: int, tags: Iterable[str]) -> tuple[dict[str, int], dict[str, int]]:
        """Where a step of these tags lies on the line, and from where on points of tags are redone."""
        self._count += 1
        names = list(tags)
        if self._timeline is None and any(step < self._points[name][-1][0] for name in names if name in self._points):
            with suppress(ImportError):  # without numpy steps stay as they come
                self._begin()
        if self._timeline is None:
            for name in names:
                points = self._points.setdefault(name, [])
                points.append((step, self._count))
                if len(points) > _HISTORY:
                    del points[1]
            return dict.fromkeys(names, step), {}
        return self._laid({name: [(step, self._count)] for name in names})

    def _begin(self) -> None:
        from cockpit.domain.timeline import Timeline

        self._timeline = Timeline(self._before)
        self._laid(self._points)

    def _laid(self, points: dict[str, list[tuple[int, int]]]) -> tuple[dict[str, int], dict[str, int]]:
        import numpy as np

        from cockpit.domain.timeline import Points

        assert self._timeline is not None  # noqa: S101 - it was begun
        found = []
        for name, told in points.items():
            steps, order = (np.array(column) for column in zip(*told, strict=True))
            none = np.zeros(len(steps))
            found.append(Points(name, steps, none, none, order.astype(float), session=0))
        laid = self._timeline.take(found)
        at = {each.tag: int(each.steps[-1]) for each in laid if len(each.steps)}
        return at, {each.tag: each.back_to for each in laid if each.back_to is not None}
