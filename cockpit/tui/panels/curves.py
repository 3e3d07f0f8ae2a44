"""The two charts of the dashboard, fed from a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cockpit.domain.curves import beside, in_bytes, is_validation, of_machine, partner, pick
from cockpit.domain.glyphs import mark_glyph
from cockpit.domain.marks import mark_text
from cockpit.domain.text import count, number, safe
from cockpit.domain.trouble import BEGINS
from cockpit.tui.cells import Line
from cockpit.tui.chart import Chart, Plotted
from cockpit.tui.messages import Snapshot
from cockpit.tui.panels.stages import stage_lines

if TYPE_CHECKING:
    from cockpit.domain.run import RunState
    from cockpit.domain.series import SeriesView

_GIB = float(2**30)
_RATE = "learning rate"
LOSSES = " "  # no tag: what the chart shows by itself


class LossChart(Chart):
    """Training loss, raw and smoothed, and validation loss; before the first step, the stages on the way to it."""

    metric: str | None = None  # the tag to show instead of the losses
    _state: RunState | None = None
    listing = False  # what the marks say is told below the chart

    def show_run(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        self._state = state = snapshot.selected
        self.waiting = self._what_is_waited_for(snapshot)
        if state is None:
            self.show((), None)
            return
        chosen = self.metric if self.metric in state.series else None
        if chosen is not None and of_machine(chosen):
            self._show_machine(chosen, state.series[chosen])
            return
        train, val = _pair(chosen, state.series, anything=snapshot.watching)
        shown = chosen or (train if train and snapshot.watching and "loss" not in train.lower() else None)
        self.title = "loss" if shown is None else safe(shown, 40)
        plotted = []
        if train is not None:
            name = "train" if chosen is None or val is not None else "now"
            plotted.append(Plotted(name, state.series[train], "train", raw_style="train-raw"))
        if val is not None:
            best = state.best
            told = f"best {number(best.value)}" if best and best.metric == val else ""
            notes = (f"({told} @ {count(best.step)})", f"({told})") if best and told else ()
            plotted.append(Plotted("val", state.series[val], "val", points=True, notes=notes))
        self.show(tuple(plotted), state.steps_total, _marks(state, plain=self.ascii))

    def _what_is_waited_for(self, snapshot: Snapshot) -> str:
        """What there is to know where there is no curve."""
        state = snapshot.selected
        if state is None and self.read_only:
            return "nothing is recorded there yet" if snapshot.watching else "no run yet"
        if state is None:
            return "s starts a config or a script"
        if not state.state.active and state.step is None:
            return "it came to no step: the log may say why"
        return "the loss curve begins with the first step"

    def _show_machine(self, tag: str, view: SeriesView) -> None:
        """A figure of the machine has seconds below it: no length in steps, and no marks at steps."""
        if in_bytes(tag):
            view = dataclasses.replace(view, values=view.values / _GIB, smoothed=view.smoothed / _GIB)
        self.title = f"{safe(tag, 40)}{', GiB' if in_bytes(tag) else ''}, by seconds"
        self.show((Plotted("now", view, "train", raw_style="train-raw"),), None)

    def rows(self, width: int, height: int) -> list[Line]:
        """The chart, and where there is room the newest marks in words."""
        marks = self._state.marks if self._state is not None and self.listing else ()
        told = [
            [(f"{mark_glyph(mark.kind, plain=self.ascii)} ", "warn"), (f"step {count(mark.step)}  ", "text"),
             (mark_text(mark), "dim" if mark.in_force else "faint")]
            for mark in marks[-max(1, height // 4) :]
        ]  # fmt: skip
        return [*super().rows(width, height - len(told)), *told]

    def empty(self, width: int, height: int) -> list[Line]:
        """The stages of a run that has not trained yet, if they fit."""
        lines = stage_lines(self._state, width, plain=self.ascii) if self._state is not None else []
        if not lines or len(lines) > height:
            return super().empty(width, height)
        return [*([[]] * ((height - len(lines)) // 2)), *lines]


class SecondChart(Chart):
    """The learning rate; where nobody tells it, what else is worth a look."""

    def show_run(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        state = snapshot.selected
        tag = beside_loss(state) if state is not None else None
        if state is None or tag is None:
            self.title = _RATE
            self.show((), None)
            return
        is_rate = tag == pick(state.series).rate
        self.title = _RATE if is_rate else safe(tag, 40)
        name, dots = ("lr", False) if is_rate else ("", is_validation(tag))
        plotted = Plotted(name, state.series[tag], "lr", points=dots)
        self.show((plotted,), state.steps_total, _marks(state, plain=self.ascii))


def beside_loss(state: RunState) -> str | None:
    """The tag of what the second chart shows of a run; None where nothing but the loss is told."""
    found = pick(state.series)
    shown = found.train or found.val
    return beside(tag for tag, view in state.series.items() if tag != shown and len(view.steps))


def _marks(state: RunState, *, plain: bool) -> tuple[tuple[int, str], ...]:
    """What people did, and where trouble began."""
    marks = [(mark.step, mark_glyph(mark.kind, plain=plain)) for mark in state.marks]
    began = [(trouble.step, "!") for trouble in state.troubles if trouble.kind in BEGINS and trouble.step is not None]
    return (*marks, *began)


def _pair(chosen: str | None, tags: Mapping[str, object], *, anything: bool) -> tuple[str | None, str | None]:
    """The tags of training and of validation to draw: of the chosen metric, else of the loss, else of what there is."""
    if chosen is None:
        found = pick(tags)
        known = found.train or found.val or not anything
        return (found.train, found.val) if known else (min(tags, default=None), None)
    other = partner(chosen, tags)
    return (other, chosen) if is_validation(chosen) else (chosen, other)
