"""The epochs of a run whose counter begins again with each: where the points of a look lie on the line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cockpit.domain.timeline.stretch import Stretch, Trail

FARTHEST = 2**62 - 1  # steps; two of them together an int64 can be


@dataclass(slots=True)
class Span:
    """One epoch, or one visit to it where training went back into it."""

    serial: int
    offset: int = 0  # of the epoch's steps
    number: float = math.nan  # of the epoch, where it is told
    leader: str = ""  # the tag whose counter showed that it began
    begun: float = -math.inf  # order of its first point in the look
    index: int = 0  # among the epochs that are shown
    again: Span | None = None  # the earlier visit to the same epoch


def place(stretches: Mapping[str, Stretch], spans: list[Span], trails: Mapping[str, Trail]) -> None:
    """Lay every point in the epoch that it was recorded in.

    Args:
        stretches: the points of a look, by tag.
        spans: those that the look has points in, in their order; offsets of new ones are filled in.
        trails: of every tag.
    """
    begun, serials = [span.begun for span in spans], [span.serial for span in spans]
    begins: dict[int, list[tuple[Stretch, int]]] = {}
    pieces: list[tuple[int, str, int, int]] = []
    for tag, stretch in stretches.items():
        for at, serial in stretch.begins.items():
            begins.setdefault(serial, []).append((stretch, at))
        of = stretch.spans(begun, serials)
        bounds = [0, *(np.flatnonzero(np.diff(of)) + 1).tolist(), len(of)]
        pieces += [(int(of[start]), tag, start, end) for start, end in pairwise(bounds)]
        stretch.line = np.empty(len(of), np.int64)
    known, placed = {span.serial: span for span in spans}, serials[0]
    for serial, tag, start, end in sorted(pieces):
        while placed < serial:  # in the order of their beginnings, each beyond what came before
            placed += 1
            known[placed].offset = _offset(known[placed], begins.get(placed, ()))
        stretch = stretches[tag]
        offset = _offset_of(stretch, start, known.get(serial), stretches, trails)
        steps = stretch.points.steps[start:end]
        stretch.line[start:end] = np.clip(steps, -FARTHEST, FARTHEST) + offset if offset else steps
        stretch.trail.offset, stretch.trail.span = offset, serial


def _offset(span: Span, begins: Iterable[tuple[Stretch, int]]) -> int:
    """Where the steps of an epoch begin on the line: behind everything that its tags had before it."""
    if span.again is not None:
        return span.again.offset
    farthest = max(s.line_before(at) + s.gap(at) - int(s.points.steps[at]) for s, at in begins)
    return farthest if 0 <= farthest <= FARTHEST else 0


def _offset_of(
    stretch: Stretch, start: int, span: Span | None, stretches: Mapping[str, Stretch], trails: Mapping[str, Trail]
) -> int:
    """By how much the points from ``start`` on are moved; a tag may count its own steps through all epochs."""
    trail = stretch.trail
    if span is None or (start == 0 and trail.span == span.serial):
        return trail.offset
    if start in stretch.begins or not span.leader:
        return span.offset
    leading = stretches.get(span.leader)
    reached = leading.raw_at(float(stretch.order[start])) if leading else trails[span.leader].raw
    raw, own = int(stretch.points.steps[start]), trail.offset - span.offset
    return span.offset if abs(raw - reached) <= abs(raw + own - reached) else trail.offset
