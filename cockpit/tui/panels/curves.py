"""The two charts of the dashboard, fed from a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.text import count, number
from cockpit.tui.cells import Line
from cockpit.tui.chart import Chart, Plotted
from cockpit.tui.messages import Snapshot
from cockpit.tui.panels.stages import stage_lines

if TYPE_CHECKING:
    from cockpit.domain.run import RunState


class LossChart(Chart):
    """Training loss, raw and smoothed, and validation loss; before the first step, the stages on the way to it."""

    _state: RunState | None = None

    def show_run(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        self._state = state = snapshot.selected
        if state is None:
            self.show((), None)
            return
        plotted = []
        if (train := state.series.get("train/loss")) is not None:
            plotted.append(Plotted("train", train, "train", raw_style="train-raw"))
        for name in ("val/loss", "val_loss"):
            if (val := state.series.get(name)) is not None:
                best = state.best
                note = f"(best {number(best.value)} @ {count(best.step)})" if best and best.metric == name else ""
                plotted.append(Plotted("val", val, "val", points=True, note=note))
        self.show(tuple(plotted), state.steps_total)

    def empty(self, width: int, height: int) -> list[Line]:
        """The stages of a run that has not trained yet, if they fit."""
        lines = stage_lines(self._state, width, plain=self.ascii) if self._state is not None else []
        if not lines or len(lines) > height:
            return super().empty(width, height)
        return [*([[]] * ((height - len(lines)) // 2)), *lines]


class RateChart(Chart):
    """Learning rate."""

    def show_run(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        state = snapshot.selected
        series = state.series.get("lr") if state else None
        self.show((Plotted("lr", series, "lr"),) if series is not None else (), state.steps_total if state else None)
