"""Series of scalars that grow without end and are drawn at any width."""

from __future__ import annotations

import math
import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.signedinteger[Any]]

_FIRST = 1024  # points there is room for at first
_RECENT = 1024  # timestamps kept, enough to tell the pace
_BLOCK = 1 << 14  # points smoothed at once: their arrays fit the processor's cache
_GROWING = 10  # points for each one that the window of a short curve is wide
_NEGLIGIBLE = 1e-18  # a share of a sum that float64 cannot show


@dataclass(frozen=True, slots=True, eq=False)
class SeriesView:
    """A series at one moment; the arrays are views that later growth does not change. Equal is only the same one.

    Attributes:
        steps: int32 or int64 [N], non-decreasing.
        values: float32 or float64 [N], NaN and infinities included.
        smoothed: float32 [N], exponential moving average of the finite values.
        recent_times: float64 [<= 1024], when the last points were recorded, epoch seconds.
    """

    steps: Ints
    values: Floats
    smoothed: NDArray[np.float32]
    recent_times: Floats


class Smoother:
    """Debiased exponential moving average (Kingma & Ba, 2014, section 3; TensorBoard's smoothing).

    Its window is a tenth of the points so far until ``weight`` is reached: that of a long curve would draw a short
    one far behind its values. Non-finite values leave the average as it is, and have none themselves, so no line
    is drawn through them. The result does not depend on how the points arrive in pieces.
    """

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self._sum = self._mass = 0.0
        self._points = 0

    def extend(self, values: Floats) -> NDArray[np.float32]:
        """The averages of further values, float32 [len(values)]."""
        out = np.empty(len(values), np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            head = self._grow(values, out)
            for start in range(head, len(values), _BLOCK):
                block = np.asarray(values[start : start + _BLOCK], np.float64)
                finite = np.isfinite(block)
                sums = self._decayed(np.where(finite, block, 0.0), self._sum)
                mass = self._decayed(finite.astype(np.float64), self._mass)
                average = sums / np.maximum(mass, 1e-300)
                out[start : start + _BLOCK] = np.where(finite & (mass > 0), average, np.nan)
                self._sum, self._mass = float(sums[-1]), float(mass[-1])
        return out

    def _grow(self, values: Floats, out: NDArray[np.float32]) -> int:
        """Average the points of a curve that is short as yet; says how many of ``values`` they are."""
        short = math.ceil(_GROWING * self.weight / (1 - self.weight)) if self.weight < 1 else 0
        head = values[: max(0, short - self._points)].tolist()
        for index, value in enumerate(head):
            weight = self._points / (self._points + _GROWING)
            finite = math.isfinite(value)
            self._sum = weight * self._sum + (1 - weight) * (value if finite else 0.0)
            self._mass = weight * self._mass + (1 - weight) * finite
            out[index] = self._sum / self._mass if finite else math.nan
            self._points += 1
        return len(head)

    def _decayed(self, values: Floats, before: float) -> Floats:
        """``total[i] = weight * total[i - 1] + (1 - weight) * values[i]``, where ``total[-1]`` is ``before``."""
        total = (1 - self.weight) * values
        if len(total):
            total[0] += self.weight * before
        # each pass doubles how far back a total reaches (Hillis & Steele, 1986)
        reach, decay = 1, self.weight
        while reach < len(total) and decay > _NEGLIGIBLE:
            total[reach:] += decay * total[:-reach]
            reach, decay = 2 * reach, decay * decay
        return total


class Series:
    """One tag's points, appended to as they come.

    Steps are kept as int32 and values as float32 while that loses nothing: 12 bytes a point for a loss, which is
    float32 to begin with, 20 at worst. Capacity beyond the last point is reserved, not touched.
    """

    def __init__(self, smoothing: float = 0.95) -> None:
        self._steps: Ints = _room(_FIRST, np.int32)
        self._values: Floats = _room(_FIRST, np.float32)
        self._smoothed: NDArray[np.float32] = _room(_FIRST, np.float32)
        self._times: Floats = np.empty(0)
        self._length = 0
        self._smoother = Smoother(smoothing)
        self._view: SeriesView | None = None  # as long as nothing has changed

    def __len__(self) -> int:
        return self._length

    def extend(self, steps: Ints, times: Floats, values: Floats) -> None:
        """Append points, in the order they were recorded."""
        self._view = None
        end = self._length + len(steps)
        if end > len(self._steps):
            self._reserve(max(end, 4 * len(self._steps)))
        if not _fits(steps, self._steps.dtype):
            self._steps = _moved(self._steps, self._length, len(self._steps), np.int64)
        if not _fits(values, self._values.dtype):
            self._values = _moved(self._values, self._length, len(self._values), np.float64)
        where = slice(self._length, end)
        self._steps[where], self._values[where] = steps, values
        self._smoothed[where] = self._smoother.extend(values)
        self._times = np.concatenate((self._times, times))[-_RECENT:]
        self._length = end

    def truncate_after(self, step: int) -> None:
        """Forget the points beyond ``step``: training began again from there."""
        keep = int(np.searchsorted(self._steps[: self._length], step, side="right"))
        if keep == self._length:
            return
        self._view = None
        dropped = self._length - keep
        self._length = keep
        self._times = self._times[: max(0, len(self._times) - dropped)]
        # views handed out earlier keep the old arrays
        self._reserve(len(self._steps))
        self._smoother = Smoother(self._smoother.weight)
        self._smoothed[:keep] = self._smoother.extend(self._values[:keep])

    def smooth(self, weight: float) -> None:
        """Smooth the whole series anew; 0 is no smoothing, towards 1 is more."""
        if weight != self._smoother.weight:
            self._view = None
            self._smoother = Smoother(weight)
            smoothed = _room(len(self._smoothed), np.float32)
            smoothed[: self._length] = self._smoother.extend(self._values[: self._length])
            self._smoothed = smoothed

    def view(self) -> SeriesView:
        """The series as it is now; the same view until something changes."""
        if self._view is None:
            n = self._length
            self._view = SeriesView(self._steps[:n], self._values[:n], self._smoothed[:n], self._times)
        return self._view

    def _reserve(self, capacity: int) -> None:
        self._steps = _moved(self._steps, self._length, capacity, self._steps.dtype)
        self._values = _moved(self._values, self._length, capacity, self._values.dtype)
        self._smoothed = _moved(self._smoothed, self._length, capacity, np.float32)


def distinct(values: NDArray[Any]) -> list[Any]:
    """Each value of an array [N] once, smallest first; ``np.unique`` would load ``numpy.ma``, 1 MB and 15 ms."""
    ordered = np.sort(values)
    return [*ordered[:1].tolist(), *ordered[1:][ordered[1:] != ordered[:-1]].tolist()]


def _fits(new: NDArray[Any], dtype: DTypeLike) -> bool:
    """Whether ``dtype`` holds every element exactly."""
    if new.dtype == dtype:
        return True
    with np.errstate(over="ignore"):
        return np.array_equal(new.astype(dtype), new, equal_nan=True)


def _moved(array: NDArray[Any], length: int, capacity: int, dtype: DTypeLike) -> NDArray[Any]:
    """The first ``length`` elements in an array with room for ``capacity``."""
    new = _room(capacity, dtype)
    new[:length] = array[:length]
    return new


def _room(count: int, dtype: DTypeLike) -> NDArray[Any]:
    """An array in pages of its own: what is not touched takes no memory, and what is outgrown goes back at once."""
    size = count * np.dtype(dtype).itemsize
    return np.frombuffer(mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), dtype)
