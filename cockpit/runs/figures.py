"""The figures of a run's scalar files: the last of every tag, whole series on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cockpit.domain.curves import Curves, pick
from cockpit.domain.run import VALIDATION_LOSS
from cockpit.runs.host_figures import HostFigures
from cockpit.runs.layout import RunPaths
from cockpit.runs.scalar_tail import ScalarTail, last_records
from cockpit.runs.scalars import ATTEMPT

if TYPE_CHECKING:
    from cockpit.domain.series import SeriesView

LOSS, RATE, NORM = "train/loss", "lr", "grad_norm"  # as our own recorder calls them
RECENT = 256  # steps whose timing tells the pace
_TAIL = 2048  # scalar records that surely hold the last RECENT losses beside the other tags


class Point(NamedTuple):
    """One value of one tag."""

    step: int
    time: float  # seconds since the epoch; 0 where training went so far back that it is no longer known
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
        self.stride = 1.0  # steps between the last losses, on average
        self._keeps_series = series
        self._scalars = ScalarTail(run.scalars)
        self._tags: Mapping[int, str] = {}

    @property
    def curves(self) -> Curves:
        """Which tags are the losses, the rate and the norm; our own recorder's names before all others."""
        found = pick(self.latest)
        val = next((name for name in VALIDATION_LOSS if name in self.latest), found.val)
        train, rate, norm = (
            own if own in self.latest else usual
            for own, usual in ((LOSS, found.train), (RATE, found.rate), (NORM, found.norm))
        )
        return Curves(train, val, rate, norm)

    def read_from(self, scalars: Path) -> None:
        """Which scalar file to read from now on; what another one gave is forgotten."""
        if scalars != self._scalars.path:
            self._scalars = ScalarTail(scalars)
            self.latest.clear()
            self.loss_times.clear()

    def poll(self, tags: Mapping[int, str], host_tags: Mapping[int, dict[str, Any]]) -> None:
        """Take in what is new; the journals have said what the numbers of tags mean."""
        self._tags = tags
        self.host.poll(host_tags)
        if not self._keeps_series:
            self._read_last()
        elif self._scalars.poll():
            views = dict(self._named())
            for name, view in views.items():
                if len(view.steps):
                    at = float(view.recent_times[-1]) if len(view.recent_times) else 0.0
                    self.latest[name] = Point(int(view.steps[-1]), at, float(view.values[-1]))
                else:  # training went back to before its first
                    self.latest.pop(name, None)
            losses = views.get(self.curves.train or "")
            if losses is not None:
                self.loss_times = deque(losses.recent_times[-RECENT:].tolist(), maxlen=RECENT)
                self.stride = _stride(losses.steps[-RECENT:].tolist())

    def _read_last(self) -> None:
        points: dict[str, list[Point]] = {name: [] for name in self.latest}
        for step, at, value, tag, flags in last_records(self._scalars.path, _TAIL):
            if tag == ATTEMPT:
                for redone in [self._tags.get(flags - 1, "")] if flags else list(points):
                    points[redone] = [point for point in points.get(redone, ()) if point.step <= step]
                    if redone in self.latest and self.latest[redone].step > step:
                        del self.latest[redone]
            elif (name := self._tags.get(tag)) is not None:
                points.setdefault(name, []).append(Point(step, at, value))
        self.latest |= {name: kept[-1] for name, kept in points.items() if kept}
        losses = points.get(self.curves.train or "", [])[-RECENT:]
        self.loss_times = deque((point.time for point in losses), maxlen=RECENT)
        self.stride = _stride([point.step for point in losses])

    @property
    def last_loss(self) -> Point | None:
        """Of training."""
        return self.latest.get(self.curves.train or "")

    @property
    def last_time(self) -> float:
        """Of the newest value of any tag, seconds since the epoch; 0 before the first."""
        return max((point.time for point in self.latest.values()), default=0.0)

    def value(self, name: str | None) -> float | None:
        """The last value of a tag, if it has one."""
        return self.latest[name].value if name in self.latest else None

    def views(self) -> dict[str, SeriesView]:
        """Every series, the machine's too; none where they are not kept."""
        return {**dict(self._named()), **self.host.views()} if self._keeps_series else {}

    def _named(self) -> list[tuple[str, SeriesView]]:
        return [(self._tags.get(tag, f"tag {tag}"), series.view()) for tag, series in self._scalars.series.items()]


def _stride(steps: list[int]) -> float:
    """Steps from one point to the next, on average; 1 where that cannot be told."""
    return max(1.0, (steps[-1] - steps[0]) / (len(steps) - 1)) if len(steps) > 1 else 1.0
