"""The points that one look has found of one tag, on their way to the line of the run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cockpit.domain.series import Floats, Ints
from cockpit.domain.timeline.points import Points

Key = tuple[int, float]  # look, order in it
NEVER: Key = (-1, -math.inf)
_LEAST = -(2**63)  # that an int64 can be


@dataclass(slots=True)
class Trail:
    """Where a tag stands after the looks so far."""

    raw: int  # its last step as recorded
    first: int  # its first step since its counter last began
    line: int = 0  # its last step on the line
    offset: int = 0  # ``line`` less ``raw``
    gap: int = 1  # steps between its last two points, as recorded
    span: int = -1  # serial of the span in which its last point lies; -1: it has no point yet
    joined: int = 0  # serial of the last span with which its own counter began again
    epoch: float = math.nan
    session: object = None
    key: Key = NEVER  # when its last point was recorded
    fell: Key = NEVER  # when its counter last went back

    def drop(self, steps: Sequence[int]) -> None:
        """Its points from the smallest of these steps on are redone, and have not come again yet."""
        self.line = max(_LEAST, min(self.line, min(steps) - 1))
        self.raw = max(_LEAST, self.line - self.offset)


@dataclass(slots=True)
class Stretch:
    """The points of a tag in one look, and where they come to lie."""

    points: Points
    trail: Trail
    look: int
    session: object
    order: Floats  # float64 [N], non-decreasing
    epochs: Floats | None
    exact: bool  # the format tells the epoch of each point; else another tag does
    known: bool  # the tag has points of earlier looks
    begins: dict[int, int] = field(default_factory=dict)  # index of a point: serial of the span that begins with it
    line: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.line = self.points.steps

    def falls(self) -> list[int]:
        """Indices of the points at which the counter went back, or stayed while the epoch rose."""
        steps = self.points.steps
        if self.exact and self.epochs is not None:
            before = np.concatenate(([self.trail.raw if self.known else steps[0]], steps[:-1]))
            epochs = np.concatenate(([self.trail.epoch], self.epochs[:-1]))
            return np.flatnonzero((steps < before) | ((steps == before) & (self.epochs > epochs))).tolist()
        found: list[int] = (np.flatnonzero(steps[1:] < steps[:-1]) + 1).tolist()
        return [0, *found] if self.known and steps[0] < self.trail.raw else found

    def epoch(self, at: int) -> float:
        """The epoch of a point, or of the last one before this look (-1); NaN where it is not known."""
        if at < 0:
            return self.trail.epoch
        return float(self.epochs[at]) if self.epochs is not None else math.nan

    def key(self, at: int) -> Key:
        """When a point was recorded, or the last one before this look (-1)."""
        return (self.look, float(self.order[at])) if at >= 0 else self.trail.key

    def raw_at(self, order: float) -> int:
        """The step, as recorded, that the tag had reached at ``order``."""
        at = int(np.searchsorted(self.order, order, side="right")) - 1
        return int(self.points.steps[at]) if at >= 0 else self.trail.raw

    def gap(self, end: int) -> int:
        """Steps between the last two of the points before ``end``, as far as they rise."""
        steps = self.points.steps
        last = [int(step) for step in steps[max(0, end - 2) : end]]
        if len(last) < 2 and self.known:
            last = [self.trail.raw, *last]
        return last[1] - last[0] if len(last) == 2 and last[1] > last[0] else self.trail.gap

    def back(self) -> list[int]:
        """Indices of the points at which the line goes back."""
        found: list[int] = (np.flatnonzero(self.line[1:] < self.line[:-1]) + 1).tolist()
        return [0, *found] if self.known and self.line[0] < self.trail.line else found

    def line_before(self, at: int) -> int:
        """Where the point before ``at`` lies on the line."""
        return int(self.line[at - 1]) if at else self.trail.line

    def line_until(self, order: float) -> int | None:
        """Where the last point recorded before ``order`` lies on the line; None where there is none."""
        at = int(np.searchsorted(self.order, order, side="left"))
        return self.line_before(at) if at or self.known else None

    def leave(self, fell: Sequence[float], redone: Sequence[int]) -> None:
        """Update the trail to the end of this look.

        Args:
            fell: when it went back, in the order of this look.
            redone: steps of the line from which on its points were redone after the last of them.
        """
        trail = self.trail
        trail.gap, trail.session = self.gap(len(self.order)), self.session
        trail.raw, trail.line, trail.key = int(self.points.steps[-1]), int(self.line[-1]), self.key(len(self.order) - 1)
        trail.span = max(trail.span, 0)
        if fell:
            trail.fell = self.look, fell[-1]
        if self.epochs is not None:
            trail.epoch = float(self.epochs[-1])
        if redone:
            trail.drop(redone)

    def spans(self, begun: Sequence[float], serials: Sequence[int]) -> NDArray[np.int64]:
        """In which of the spans each point lies, int64 [N].

        Args:
            begun: when each began, in the order of this look.
            serials: of each.
        """
        spans = np.asarray(serials)[np.searchsorted(begun, self.order, side="right") - 1]
        if self.begins:
            # what stood before its own beginning belongs to what was before
            limit = np.full(len(spans), serials[-1])
            for at, serial in self.begins.items():
                if at:
                    limit[at - 1] = min(limit[at - 1], serial - 1)
            spans = np.minimum(spans, np.minimum.accumulate(limit[::-1])[::-1])
        return spans
