"""Lays the steps that a format tells on one line, though the counter of the training went back.

A counter goes back because training did (a resume: what lies beyond is redone, and shown once) or because it begins
again with every epoch (0..99, 0..99, ...: laid one after another). Which of them it is, is told by

1. the number of the epoch beside the steps: where it rises as the step falls, another epoch has begun; where it does
   not, steps are redone, in the epoch that it names;
2. else by the session: another process writes what follows, so training was resumed;
3. else by what another tag has done meanwhile;
4. else by the step: back at the first one the counter began again, further on steps are redone.

By the last alone a single return to the first step may be another epoch or another training: then that is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from cockpit.domain.line import Line
from cockpit.domain.timeline.points import Points, Rewind
from cockpit.domain.timeline.redone import Laid, forgotten, keep
from cockpit.domain.timeline.spans import FARTHEST, Span, place
from cockpit.domain.timeline.stretch import NEVER, Key, Stretch, Trail


class Timeline:
    """The line of one run.

    Args:
        line: what earlier attempts have left; what comes goes on from there.
    """

    def __init__(self, line: Line | None = None) -> None:
        self._before = line or Line()
        self._first, self._sure, self._unsure = self._before.first, self._before.sure, self._before.unsure
        self._redone, self._sessions, self._serials, self._look = self._before.redone, 0, 0, 0
        self._trails: dict[str, Trail] = {}
        self._present = Span(0, self._before.offset, self._before.number)
        self._epochs = [self._present]  # those shown
        self._numbered: dict[float, Span] = {}
        self._turned: tuple[Key, bool] = (NEVER, False)  # when the counter last went back; whether it began again

    @property
    def line(self) -> Line:
        """What has happened to it."""
        return Line(
            restarts=self._before.restarts + len(self._epochs) - 1,
            first=self._first,
            sure=self._sure,
            redone=self._redone,
            unsure=self._unsure,
            offset=self._present.offset,
            number=self._present.number,
        )

    def resumed(self) -> None:
        """What follows is written by another process."""
        self._sessions += 1

    def take(self, items: Iterable[Points | Rewind]) -> list[Laid]:
        """Lay what a look has found."""
        laid: list[Laid] = []
        group: dict[str, Points] = {}
        for item in items:
            if isinstance(item, Rewind) or item.tag in group:
                laid += self._lay(list(group.values()))
                group = {}
            if isinstance(item, Rewind):
                laid += self._rewind(item.step)
            elif len(item.steps):
                group[item.tag] = item
        return laid + self._lay(list(group.values()))

    def _rewind(self, step: int) -> list[Laid]:
        """The format says that training went back."""
        self._look += 1
        back_to, laid = min(step + self._present.offset, FARTHEST), []
        for tag, trail in self._trails.items():
            if trail.line >= back_to:
                laid.append(forgotten(tag, back_to))
                trail.drop([back_to])
        if laid:
            self._redone += 1
            self._turned = (self._look, 0.0), False
        self._unsure |= bool(laid and self.line.restarts)
        return laid

    def _lay(self, group: list[Points]) -> list[Laid]:
        if not group:
            return []
        self._look += 1
        stretches = {points.tag: self._stretch(points) for points in group}
        if self._look == 1 and self._before.restarts:  # an earlier attempt came to some epoch
            self._unsure |= all(stretch.epoch(0) != self._before.number for stretch in stretches.values())
        falls = sorted((float(s.order[at]), tag, at) for tag, s in stretches.items() for at in s.falls())
        if falls:
            self._number(stretches)
        spans, turns = [self._present], []
        self._present.begun = -math.inf
        for _, tag, at in falls:
            if self._judge(stretches[tag], at, spans):
                turns.append((stretches[tag], at))
        if self._serials or self._before.offset:
            place(stretches, spans, self._trails)
        return keep(stretches, turns, self._trails)

    def _stretch(self, points: Points) -> Stretch:
        steps, order = points.steps, points.order
        trail = self._trails.get(points.tag)
        if trail is None:
            trail = self._trails[points.tag] = Trail(int(steps[0]), int(steps[0]), joined=self._serials)
        if order is None:
            order = points.times if np.isfinite(points.times).all() else np.arange(len(steps), dtype=np.float64)
        session = (self._sessions, points.session)
        return Stretch(points, trail, self._look, session, np.maximum.accumulate(order), points.epochs,
                       points.epochs is not None, trail.span >= 0)  # fmt: skip

    def _number(self, stretches: dict[str, Stretch]) -> None:
        """Where a tag tells the number of the epoch, give it to the points of the others."""
        name = next((tag for tag in self._trails if tag.rpartition("/")[2].lower() == "epoch"), None)
        if name is None:
            return
        told = stretches.get(name)
        for stretch in stretches.values():
            if stretch.epochs is None and told is not None:
                known = np.concatenate(([self._trails[name].epoch], told.points.values))
                stretch.epochs = known[np.searchsorted(told.order, stretch.order, side="right")]
            elif stretch.epochs is None:
                stretch.epochs = np.full(len(stretch.order), self._trails[name].epoch)

    # -- another epoch, or redone -------------------------------------------------------------------------

    def _judge(self, stretch: Stretch, at: int, spans: list[Span]) -> bool:
        """Decide what a fall of the counter means: a new epoch, or steps that are redone.

        Returns:
            Whether training went back, and no other tag has shown that before.
        """
        trail, raw, order = stretch.trail, int(stretch.points.steps[at]), float(stretch.order[at])
        then, now = stretch.epoch(at - 1), stretch.epoch(at)
        turned, again = self._turned
        meanwhile = turned > stretch.key(at - 1)
        other_session = at == 0 and stretch.session != trail.session
        if math.isnan(self._present.number) and not math.isnan(then):
            self._present.number = then
            self._numbered[then] = self._present
        if math.isfinite(then) and math.isfinite(now) and (stretch.exact or now != then):
            begins, sure = now > then, True
        elif other_session:
            begins, sure = False, False
        elif meanwhile:
            begins, sure = again, False
        else:
            begins, sure = raw <= trail.first, stretch.points.session is not None
        if begins:
            self._sure |= sure
            self._begin(stretch, at, now, spans)
            return False
        placed = sure and self._return(stretch, at, now, spans)
        self._unsure |= other_session and self.line.restarts > 0 and not placed
        if not meanwhile:
            self._redone += 1
            self._turned = (self._look, order), False
        return not meanwhile

    def _begin(self, stretch: Stretch, at: int, number: float, spans: list[Span]) -> None:
        """The counter began again: in a new epoch, or in the one that another tag has begun."""
        trail, present = stretch.trail, self._present
        trail.first, order = int(stretch.points.steps[at]), float(stretch.order[at])
        numbered = not math.isnan(number) and not math.isnan(present.number)
        if number > present.number if numbered else trail.joined == present.serial:
            self._enter(Span(self._serials + 1, number=number, leader=stretch.points.tag, begun=order), spans)
            self._first, self._turned = trail.first, ((self._look, order), True)
        trail.joined = stretch.begins[at] = self._present.serial

    def _return(self, stretch: Stretch, at: int, number: float, spans: list[Span]) -> bool:
        """Training went back into the epoch of this number; whether that epoch is known."""
        epoch = self._numbered.get(number)
        if epoch is None or epoch.index >= len(self._epochs) or self._epochs[epoch.index] is not epoch:
            return False
        if epoch is not self._present:
            del self._epochs[epoch.index :]
            self._enter(replace(epoch, serial=self._serials + 1, leader=stretch.points.tag,
                                begun=float(stretch.order[at]), again=epoch), spans)  # fmt: skip
        if stretch.epoch(at - 1) != number:
            stretch.trail.joined = stretch.begins[at] = self._present.serial
        return True

    def _enter(self, span: Span, spans: list[Span]) -> None:
        self._serials, self._present, span.index = span.serial, span, len(self._epochs)
        if not math.isnan(span.number):
            self._numbered[span.number] = span
        self._epochs.append(span)
        spans.append(span)
