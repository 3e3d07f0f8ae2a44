"""Does a noisy series rise or fall? A slope that outliers do not move, with the interval it lies in."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

FEWEST = 5  # points below which an interval would say nothing
_Z = 2.576  # of the normal distribution, two-sided 99 %
_MOST = 48  # points; more are thinned, because the slopes grow with their square

T = TypeVar("T")
Point = tuple[float, float]  # x, y


@dataclass(frozen=True, slots=True)
class Trend:
    """A slope (y per x) and its 99 % interval."""

    slope: float
    low: float
    high: float

    @property
    def rises(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low > 0

    @property
    def falls(self) -> bool:
        """Whether the whole interval lies below zero."""
        return self.high < 0


def trend(points: Sequence[Point]) -> Trend | None:
    """The median of all pairwise slopes (Theil, 1950) with Sen's interval (Sen, 1968, by Kendall's variance).

    Args:
        points: by ascending x; those that are not finite are left out. None where fewer than five remain.
    """
    kept = thinned([p for p in points if math.isfinite(p[0]) and math.isfinite(p[1])], _MOST)
    n = len(kept)
    if n < FEWEST:
        return None
    slopes = sorted((b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(kept) for b in kept[i + 1 :] if b[0] > a[0])
    if not slopes:
        return None
    reach = _Z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = max(0, math.floor((len(slopes) - reach) / 2))
    high = min(len(slopes) - 1, math.ceil((len(slopes) + reach) / 2))
    return Trend(statistics.median(slopes), slopes[low], slopes[high])


def thinned(values: Sequence[T], most: int) -> list[T]:
    """At most so many of the values, evenly spaced, the first and the last among them."""
    if len(values) <= most:
        return list(values)
    return [values[round(i * (len(values) - 1) / (most - 1))] for i in range(most)]


def spread(values: Sequence[float]) -> float:
    """Noise around the median: 1.4826 times the median absolute deviation, the sigma of normal noise (Hampel, 1974)."""
    middle = statistics.median(values)
    return 1.4826 * statistics.median(abs(value - middle) for value in values)
