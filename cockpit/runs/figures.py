"""The figures of a run's scalar files: the last of every tag, whole series on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cockpit.runs.host_figures import HostFigures
from cockpit.runs.layout import RunPaths
from cockpit.runs.scalar_tail import ScalarTail, last_records

if TYPE_CHECKING:
    from cockpit.domain.series import SeriesView

LOSS = "train/loss"
RECENT = 256  # steps whose timing tells the pace
_TAIL = 2048  # scalar records that surely hold the last RECENT losses beside the other tags


class Point(NamedTuple):
    """One value of one tag."""

    step: int
    time: float  # seconds since the epoch
    value: float


class Figures:
    """Reads the scalars of one run incrementally.

    Args:
        run: where it lies.
        series: keep whole series (needs numpy) or only the latest values.
    """

    def __init__(self, run: RunPaths, *, series: bool) -> None:
        self.host = HostFigures(run.host, series=series)
        self.latest: dict[str, Point] = {}
        self.loss_times: deque[float] = deque(maxlen=RECENT)  # of the last losses, seconds since the epoch
        self._run, self._keeps_series = run, series
        self._scalars = ScalarTail(run.scalars)
        self._tags: Mapping[int, str] = {}

    def poll(self, tags: Mapping[int, str], host_tags: Mapping[int, dict[str, Any]]) -> None:
        """Take in what is new; the journals have said what the numbers of tags mean."""
        self._tags = tags
        self.host.poll(host_tags)
        if not self._keeps_series:
            self._read_last()
        elif self._scalars.poll():
            for name, view in self._named():
                if len(view.steps):
                    self.latest[name] = Point(int(view.steps[-1]), float(view.recent_times[-1]), float(view.values[-1]))
                    if name == LOSS:
                        self.loss_times = deque(view.recent_times[-RECENT:].tolist(), maxlen=RECENT)

    def _read_last(self) -> None:
        self.loss_times.clear()
        for step, at, value, tag, _ in last_records(self._run.scalars, _TAIL):
            name = self._tags.get(tag)
            if name is not None:
                self.latest[name] = Point(step, at, value)
                if name == LOSS:
                    self.loss_times.append(at)

    def value(self, *names: str) -> float | None:
        """The last value of the first of these tags that has one."""
        return next((self.latest[name].value for name in names if name in self.latest), None)

    def smoothed_loss(self) -> float | None:
        """The last of the smoothed losses, where series are kept."""
        smoothed = next((view.smoothed for name, view in self._named() if name == LOSS), None)
        return float(smoothed[-1]) if smoothed is not None and len(smoothed) else None

    def views(self) -> dict[str, SeriesView]:
        """Every series, the machine's too; none where they are not kept."""
        return {**dict(self._named()), **self.host.views()} if self._keeps_series else {}

    def _named(self) -> list[tuple[str, SeriesView]]:
        return [(self._tags.get(tag, f"tag {tag}"), series.view()) for tag, series in self._scalars.series.items()]
