"""Drops what was redone: when training went back to a step, the earlier points from there on give way to the later."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cockpit.domain.series import Floats, Ints
from cockpit.domain.timeline.stretch import Stretch, Trail

_MOST = 20_000  # turns of one look times tags; beyond it a turn counts only for tags that show it themselves
_NO_INTS, _NO_FLOATS = np.zeros(0, np.int64), np.zeros(0)


class Laid(NamedTuple):
    """What one look changes in the curve of one tag: first forget, then append."""

    tag: str
    back_to: int | None  # points at this step and beyond that came before are redone
    steps: Ints  # int64 [N], on the line
    times: Floats
    values: Floats


class Event(NamedTuple):
    """Training went back: points recorded before ``order``, at ``step`` of the line and beyond, are redone."""

    order: float
    step: int


def forgotten(tag: str, back_to: int) -> Laid:
    """A change that only forgets the points of a tag from ``back_to`` on."""
    return Laid(tag, back_to, _NO_INTS, _NO_FLOATS, _NO_FLOATS)


def keep(
    stretches: Mapping[str, Stretch], turns: Sequence[tuple[Stretch, int]], trails: Mapping[str, Trail]
) -> list[Laid]:
    """Drop the points that were redone, also of tags that have not reached that step again, and update the trails.

    Args:
        stretches: the points of a look by tag, placed on the line.
        turns: where training went back: the tag that showed it first, and the index of its first point afterwards.
        trails: of every tag.
    """
    own = {tag: [Event(float(s.order[at]), int(s.line[at])) for at in s.back()] for tag, s in stretches.items()}
    events = {tag: list(found) for tag, found in own.items()}
    for tag, event in _taken_along(stretches, turns, trails, own) if len(turns) * len(trails) <= _MOST else ():
        events.setdefault(tag, []).append(event)
    laid = []
    for tag, found in events.items():
        stretch = stretches.get(tag)
        if stretch is None:
            trails[tag].drop([event.step for event in found])
            laid.append(forgotten(tag, min(event.step for event in found)))
            continue
        points, kept = stretch.points, survivors(stretch.line, stretch.order, found)
        back_to = min((event.step for event in found), default=None)
        laid.append(Laid(tag, back_to, stretch.line[kept], points.times[kept], points.values[kept]))
        last = float(stretch.order[-1])
        stretch.leave([event.order for event in own[tag]], [event.step for event in found if event.order > last])
    return laid


def survivors(line: Ints, order: Floats, events: Sequence[Event]) -> NDArray[np.bool_]:
    """Which points were not redone later, bool [N].

    Args:
        line: steps, int64 [N].
        order: when they were recorded, float64 [N].
        events: when training went back.
    """
    if not events:
        return np.ones(len(line), bool)
    ordered = sorted(events)
    steps = np.array([event.step for event in ordered], np.int64)
    later = np.minimum.accumulate(steps[::-1])[::-1]
    after = np.searchsorted([event.order for event in ordered], order, side="right")
    kept: NDArray[np.bool_] = (after == len(later)) | (line < later[np.minimum(after, len(later) - 1)])
    return kept


def _taken_along(
    stretches: Mapping[str, Stretch],
    turns: Sequence[tuple[Stretch, int]],
    trails: Mapping[str, Trail],
    own: Mapping[str, Sequence[Event]],
) -> Iterable[tuple[str, Event]]:
    """What a turn means for the other tags: for those within the redone steps that do not show the turn themselves."""
    orders = {tag: [event.order for event in found] for tag, found in own.items()}
    for stretch, at in turns:
        since, now = stretch.key(at - 1), float(stretch.order[at])
        step, reached = int(stretch.line[at]), stretch.line_before(at)
        for tag, trail in trails.items():
            other, mine = stretches.get(tag), orders.get(tag, [])
            line = other.line_until(now) if other else trail.line
            next_fall = bisect_right(mine, since[1]) if since[0] == stretch.look else 0
            fell = trail.fell > since or (next_fall < len(mine) and mine[next_fall] <= now)
            if other is not stretch and not fell and line is not None and step <= line <= reached:
                yield tag, Event(now, step)
