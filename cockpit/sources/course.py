"""The recent past of the curves that a run is judged by, in memory that does not grow with the run."""

from __future__ import annotations

import math
import statistics

import numpy as np

from cockpit.domain import eta
from cockpit.domain.curves import Curves, Judged, is_loss, is_norm, is_validation, is_whole_loss
from cockpit.domain.run import NONFINITE_NAMED, Best, NonFinite
from cockpit.domain.series import Floats, Ints
from cockpit.domain.vitals import Curve, Vitals

_LOSSES, _NORMS, _VALIDATIONS = 512, 64, 1024  # last points that are kept
_FIRST = 16  # losses whose median is where it started
_PACED = 256  # points whose timing tells the pace
_MOST = 32  # curves, beside the loss itself and the norm
_RETURNS = 3  # from NaN to numbers and back again, which a training does not do but a file with gaps does


class Recent:
    """The last points of one tag, and what of the earlier ones must not be forgotten."""

    def __init__(self, tag: str, most: int) -> None:
        self._tag, self._most = tag, most
        self.first: list[float] = []  # finite values
        self.bad: list[tuple[int, float]] = []  # step and time of the first that are not finite
        self._numbers = self._gaps = self._returns = 0
        self._infinite = False
        self._extremes: dict[bool, tuple[float, int, float]] = {}  # lowest or not: value, step, time
        self._keep(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))

    def _keep(self, steps: Ints, times: Floats, values: Floats) -> None:
        last = slice(-self._most, None)  # copied: a view would keep all of it
        self.steps, self.times, self.values = steps[last].copy(), times[last].copy(), values[last].copy()

    def extend(self, steps: Ints, times: Floats, values: Floats) -> None:
        """Take points in, in the order they were recorded."""
        if not self._most:
            return
        finite = np.isfinite(values)
        if not finite.all():
            where = np.flatnonzero(~finite)[: max(0, NONFINITE_NAMED - len(self.bad))]
            self.bad += zip(steps[where].tolist(), times[where].tolist(), strict=True)
            self._gaps += int(np.isnan(values).sum())
            self._infinite |= bool(np.isinf(values).any())
        if self.bad:
            was = np.append(np.isfinite(self.values[-1:]), finite)
            self._returns += int((~was[:-1] & was[1:]).sum())
        if finite.any():
            self._numbers += int(finite.sum())
            if len(self.first) < _FIRST:
                self.first += values[finite][: _FIRST - len(self.first)].tolist()
            for lowest, found in ((True, np.nanargmin), (False, np.nanargmax)):
                at = int(found(np.where(finite, values, np.nan)))
                self._remember(lowest, (float(values[at]), int(steps[at]), float(times[at])))
        steps, times, values = steps[-self._most :], times[-self._most :], values[-self._most :]
        self._keep(
            np.concatenate((self.steps, steps)),
            np.concatenate((self.times, times)),
            np.concatenate((self.values, values)),
        )

    def _remember(self, lowest: bool, point: tuple[float, int, float]) -> None:
        known = self._extremes.get(lowest)
        if known is None or (point[0] < known[0] if lowest else point[0] > known[0]):
            self._extremes[lowest] = point

    def truncate_after(self, step: int) -> None:
        """Forget the points beyond ``step``: training began again from there."""
        self.forget(step + 1)

    def forget(self, step: int) -> None:
        """The points at ``step`` and beyond are done again."""
        kept = self.steps < step
        steps, times, values = self.steps[kept], self.times[kept], self.values[kept]
        if not len(steps):
            self.first = []
            self._numbers = self._gaps = self._returns = 0
            self._infinite = False
        self.bad = [each for each in self.bad if each[0] < step]
        gone = [lowest for lowest, point in self._extremes.items() if point[1] >= step]
        for lowest in gone:
            del self._extremes[lowest]
        self._keep(steps, times, values)
        finite = np.flatnonzero(np.isfinite(values)).tolist()
        for lowest in gone if finite else ():
            at = (min if lowest else max)(finite, key=lambda i: float(values[i]))
            self._remember(lowest, (float(values[at]), int(steps[at]), float(times[at])))

    @property
    def has_gaps(self) -> bool:
        """Whether NaN is how its file says that there is no value."""
        again = self._returns >= _RETURNS or (not self._numbers and is_validation(self._tag))
        return self._gaps >= self._numbers and again and not self._infinite

    @property
    def ends_well(self) -> bool:
        """Whether the newest value is a number."""
        return bool(np.isfinite(self.values[-1:]).all())

    def best(self, *, lowest: bool) -> tuple[float, int, float] | None:
        """Value, step and time of the best one; None before the first."""
        return self._extremes.get(lowest)

    def curve(self, most: int) -> Curve:
        """The last points."""
        return tuple(zip(self.steps[-most:].tolist(), self.values[-most:].tolist(), strict=True))

    def pace(self) -> eta.Pace | None:
        """Seconds a step takes, from when the last points were recorded."""
        apart, spent, fine = self._intervals()
        return eta.pace((spent[fine] / apart[fine]).tolist())

    def interval(self) -> float | None:
        """Seconds from one point to the next."""
        _, spent, fine = self._intervals()
        return float(statistics.median(spent[fine].tolist())) if fine.any() else None

    def _intervals(self) -> tuple[Ints, Floats, np.ndarray]:
        apart, spent = np.diff(self.steps[-_PACED:]), np.diff(self.times[-_PACED:])
        return apart, spent, (apart > 0) & np.isfinite(spent) & (spent > 0)


class Course:
    """The curves of one run, each by its tag."""

    def __init__(self) -> None:
        self._curves: dict[str, Recent] = {}

    def take(self, tag: str, steps: Ints, times: Floats, values: Floats) -> None:
        """Points of any tag; those of no use here are passed over."""
        self.curve(tag).extend(steps, times, values)

    def curve(self, tag: str) -> Recent:
        """What keeps the points of a tag; nothing of those that are of no use here."""
        if tag in self._curves:
            return self._curves[tag]
        full = len(self._curves) >= _MOST and not (is_whole_loss(tag) or is_norm(tag))
        most = 0 if full else _room(tag)
        return self._curves.setdefault(tag, Recent(tag, most)) if most else Recent(tag, 0)

    def forget(self, tag: str, step: int) -> None:
        """Its points at ``step`` and beyond are done again."""
        if tag in self._curves:
            self._curves[tag].forget(step)

    def of(self, tag: str | None) -> Recent | None:
        """The curve of a tag, if it is kept."""
        return self._curves.get(tag) if tag is not None else None

    def vitals(self, curves: Curves, judged: Judged | None) -> Vitals:
        """What of a run's vitals the curves tell, the norm and the losses by their usual names."""
        train, norm = self.of(curves.train), self.of(curves.norm)
        whole = train is not None and is_whole_loss(curves.train or "") and len(train.first) == _FIRST
        validations = self._validations(judged)
        timed = all(math.isfinite(time) for _, _, time in validations)
        return Vitals(
            losses=train.curve(_LOSSES) if train else (),
            loss_start=statistics.median(train.first) if train and whole else None,
            norms=norm.curve(_NORMS) if norm else (),
            metric=judged.tag if judged else "",
            validations=tuple((step, value) for step, value, _ in validations),
            validation_times=tuple(time for _, _, time in validations) if timed else (),
            lower_is_better=judged is None or judged.lower_is_better,
            pace=train.interval() if train else None,
        )

    def _validations(self, judged: Judged | None) -> list[tuple[int, float, float]]:
        """Step, value and time of the last ones of a metric, and of the best before them."""
        curve = self.of(judged.tag) if judged else None
        if curve is None or judged is None:
            return []
        points = list(zip(curve.steps.tolist(), curve.values.tolist(), curve.times.tolist(), strict=True))
        if curve.has_gaps:
            points = [point for point in points if not math.isnan(point[1])]
        best = curve.best(lowest=judged.lower_is_better)
        if best is not None and points and best[1] < points[0][0]:
            points.insert(0, (best[1], best[0], best[2]))
        return points

    def best(self, judged: Judged | None) -> Best | None:
        """Where that metric was best."""
        curve = self.of(judged.tag) if judged else None
        found = curve.best(lowest=judged.lower_is_better) if curve and judged else None
        if found is None or judged is None:
            return None
        return Best(judged.tag, found[0], found[1], mode="min" if judged.lower_is_better else "max")

    def nonfinite(self) -> tuple[NonFinite, ...]:
        """The first losses and norms that are no numbers; a norm only where none came after it that is one.

        A GradScaler skips a step of fp16 whose norm is infinite, and goes on.
        """
        found = [
            NonFinite(step, tag, time if math.isfinite(time) else None)
            for tag, curve in self._curves.items()
            if (is_loss(tag) and not curve.has_gaps) or (is_norm(tag) and not curve.ends_well)
            for step, time in curve.bad
        ]
        return tuple(sorted(found, key=lambda each: (each.step, not is_loss(each.what)))[:NONFINITE_NAMED])


def _room(tag: str) -> int:
    if is_norm(tag):
        return _NORMS
    if is_validation(tag):
        return _VALIDATIONS
    return _LOSSES if is_loss(tag) else 0
