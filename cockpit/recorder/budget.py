"""When something that takes time may be done again."""

from __future__ import annotations

import math
import time


class Budget:
    """Spreads a measurement over the steps, so that it takes no more than a share of their time.

    Args:
        share: of a step, 0..1.
        step: optimizer steps done so far.
        first: steps from here on in which it is done whatever it costs.
    """

    def __init__(self, share: float, step: int, first: int = 0) -> None:
        self._share, self._until = share, step + first
        self.due = self._last = step  # steps done when it is time again
        self._before = time.monotonic()

    def spent(self, step: int, began: float) -> None:
        """It was done after ``step`` and took from ``began`` (monotonic seconds) until now."""
        cost = time.monotonic() - began
        pace = (began - self._before) / max(1, step - self._last)
        self.due = step + (1 if step + 1 < self._until else max(1, math.ceil(cost / (self._share * pace))))
        self._before, self._last = began, step
