"""Series of scalars that grow without end and are drawn at any width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RECENT = 1024  # timestamps kept, enough to tell the pace
_BLOCK = 128  # points smoothed by one matrix product


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A series at one moment; the arrays are views that later growth does not change.

    Attributes:
        steps: int64 [N], non-decreasing.
        values: float64 [N], NaN and infinities included.
        smoothed: float32 [N], exponential moving average of the finite values.
        recent_times: float64 [<= 1024], when the last points were recorded, epoch seconds.
    """

    steps: Ints
    values: Floats
    smoothed: NDArray[np.float32]
    recent_times: Floats


class Smoother:
    """Debiased exponential moving average (Kingma & Ba, 2014, section 3; TensorBoard's smoothing).

    Non-finite values leave the average as it is,
    and have none themselves, so no line is drawn through them. The result does not depend on how the points arrive in pieces.
    """

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self._sum = self._mass = 0.0
        powers = weight ** np.arange(_BLOCK + 1)
        lag = np.subtract.outer(np.arange(_BLOCK), np.arange(_BLOCK))
        self._kernel = np.where(lag >= 0, (1 - weight) * powers[np.maximum(lag, 0)], 0.0).T
        self._decay = powers[1:]

    def extend(self, values: Floats) -> NDArray[np.float32]:
        """The averages of further values, float32 [len(values)]."""
        finite = np.isfinite(values)
        out = np.empty(len(values), np.float32)
        for start in range(0, len(values), _BLOCK):
            mask = finite[start : start + _BLOCK].astype(float)
            block = np.where(finite[start : start + _BLOCK], values[start : start + _BLOCK], 0.0)
            count = len(block)
            sums = block @ self._kernel[:count, :count] + self._sum * self._decay[:count]
            mass = mask @ self._kernel[:count, :count] + self._mass * self._decay[:count]
            with np.errstate(invalid="ignore", over="ignore"):
                out[start : start + count] = np.where((mask > 0) & (mass > 0), sums / np.maximum(mass, 1e-300), np.nan)
            self._sum, self._mass = float(sums[-1]), float(mass[-1])
        return out


class Series:
    """One tag's points, appended to as they come.

    Memory is 20 bytes a point; capacity beyond the last point is reserved, not touched.
    """

    def __init__(self, smoothing: float = 0.95) -> None:
        self._steps: Ints = np.empty(1024, np.int64)
        self._values: Floats = np.empty(1024, np.float64)
        self._smoothed = np.empty(1024, np.float32)
        self._times: Floats = np.empty(0)
        self._length = 0
        self._smoother = Smoother(smoothing)

    def __len__(self) -> int:
        return self._length

    def extend(self, steps: Ints, times: Floats, values: Floats) -> None:
        """Append points, in the order they were recorded."""
        end = self._length + len(steps)
        if end > len(self._steps):
            self._reserve(max(end, len(self._steps) * 3 // 2))
        where = slice(self._length, end)
        self._steps[where], self._values[where] = steps, values
        self._smoothed[where] = self._smoother.extend(np.asarray(values, np.float64))
        self._times = np.concatenate((self._times, times))[-_RECENT:]
        self._length = end

    def truncate_after(self, step: int) -> None:
        """Forget the points beyond ``step``: training began again from there."""
        keep = int(np.searchsorted(self._steps[: self._length], step, side="right"))
        if keep == self._length:
            return
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
            self._smoother = Smoother(weight)
            smoothed = np.empty_like(self._smoothed)
            smoothed[: self._length] = self._smoother.extend(self._values[: self._length])
            self._smoothed = smoothed

    def view(self) -> SeriesView:
        """The series as it is now."""
        n = self._length
        return SeriesView(self._steps[:n], self._values[:n], self._smoothed[:n], self._times)

    def _reserve(self, capacity: int) -> None:
        for name in ("_steps", "_values", "_smoothed"):
            old = getattr(self, name)
            new = np.empty(capacity, old.dtype)
            new[: self._length] = old[: self._length]
            setattr(self, name, new)
