"""What the main chart can show, to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.curves import in_bytes, of_machine
from cockpit.domain.text import count, number, size
from cockpit.tui.panels.curves import LOSSES
from cockpit.tui.screens.choose import Choice
from cockpit.tui.signs import sparkline

if TYPE_CHECKING:
    from cockpit.domain.run import RunState
    from cockpit.domain.series import SeriesView

_SHAPE = 20  # cells


def metric_choices(state: RunState, *, plain: bool = False) -> tuple[Choice, ...]:
    """What the main chart can show: the losses, or any tag that has a curve; each with its shape and last value."""
    own = [
        Choice(t, t, f"{_shape(v, plain=plain)}{number(v.values[-1])} @ {count(v.steps[-1])}")
        for t, v in _curves(state, machine=False)
    ]
    machine = [
        Choice(t, t, f"{_shape(v, plain=plain)}{_figure(t, v.values[-1])}, of the machine")
        for t, v in _curves(state, machine=True)
    ]
    return (Choice(LOSSES, "loss", "training and validation"), *own, *machine)


def _curves(state: RunState, *, machine: bool) -> list[tuple[str, SeriesView]]:
    there = sorted((tag, view) for tag, view in state.series.items() if len(view.steps))
    return [(tag, view) for tag, view in there if of_machine(tag) is machine]


def _shape(view: SeriesView, *, plain: bool) -> str:
    """The whole curve in a few characters, from its lowest value to its highest; empty where it does not move."""
    known = view.smoothed[view.smoothed - view.smoothed == 0]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    if not low < high:
        return ""
    at = [round(i * (len(known) - 1) / (_SHAPE - 1)) for i in range(_SHAPE)]
    return f"{sparkline([(float(known[i]) - low) / (high - low) for i in at], _SHAPE, plain=plain)}  "


def _figure(tag: str, value: float) -> str:
    if in_bytes(tag):
        return size(value)
    return f"{value:.0f} %" if tag.startswith("cpu/") or tag.endswith("/utilisation") else number(value)
