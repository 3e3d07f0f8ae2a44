"""The line at the top: is it healthy, how far, how long still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.state import State
from cockpit.domain.text import count, duration, safe
from cockpit.tui.cells import CellPanel, Line, between, fit, line_width
from cockpit.tui.messages import Snapshot
from cockpit.tui.signs import state_sign

if TYPE_CHECKING:
    from cockpit.domain.run import Eta, RunState


class StatusLine(CellPanel, can_focus=False):
    """One or two rows without a frame; what matters least is dropped first."""

    framed = False
    _snapshot: Snapshot | None = None
    _notice: Line | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        self._snapshot = snapshot
        self.repaint()

    def notice(self, line: Line | None) -> None:
        """A word for the person, in place of the progress, until the next one."""
        self._notice = line
        self.repaint()

    def rows(self, width: int, height: int) -> list[Line]:
        """Name and place; the run and its state; progress."""
        snapshot = self._snapshot
        if snapshot is None:
            return [[(" cockpit", "accent"), ("  looking…", "dim")]]
        head: Line = [
            (" cockpit", "accent"),
            ("  ", ""),
            (safe(snapshot.project, 24), "text"),
            (f" @ {safe(snapshot.host, 20)}", "dim"),
            *([("  read-only", "warn")] if self.read_only else []),
        ]
        state = snapshot.selected
        if state is None:
            return [
                between(
                    head, self._notice or [("no run yet " if self.read_only else "no run yet: press s ", "dim")], width
                )
            ]
        run = self._run(state)
        far = self._notice or progress(state)
        alarm = self._alarm(state)
        if height > 1:
            lead = alarm if alarm and self._notice is None else [(" ", "")]
            if self._notice is None and line_width(lead) + line_width(far) > width:
                far = progress(state, epoch=False)
            return [between(head, run, width), fit([*lead, *far], width)]
        named, short = [*head, ("   ", ""), *run, *alarm], [run[2], run[3], *alarm]
        for parts in (named, [*run, *alarm], short, run[2:4]):
            if line_width(parts) + line_width(far) + 2 <= width:
                return [between(parts, far, width)]
        return [between([(" ", ""), *run[2:4]], far, width)]

    def _run(self, state: RunState) -> Line:
        glyph, name = state_sign(state.state, plain=self.ascii)
        spent = f" {duration(state.active_seconds)}" if state.active_seconds is not None else ""
        return [
            (safe(state.name, 28), "strong"),
            (f" {state.short_id}  ", "dim"),
            (f"{glyph} ", name),
            (f"{str(state.state).upper()}{spent} ", name),
        ]

    @staticmethod
    def _alarm(state: RunState) -> Line:
        """The gravest trouble, in a few words."""
        if not state.troubles:
            return []
        worst = state.troubles[0]
        more = f" +{len(state.troubles) - 1}" if len(state.troubles) > 1 else ""
        return [(f" ! {worst.short}{more} ", "bad" if worst.level == "bad" else "warn")]


def progress(state: RunState, *, epoch: bool = True) -> Line:
    """``epoch 3/10  step 1,240/4,000  31%  ETA 27m (24–31m)``."""
    line: Line = []
    if epoch and state.epoch is not None:
        total = f"/{count(state.epochs_total)}" if state.epochs_total else ""
        line += [("epoch ", "dim"), (f"{state.epoch + 1}{total}", "text"), ("  ", "")]
    if state.step is not None:
        total = f"/{count(state.steps_total)}" if state.steps_total else ""
        line += [("step ", "dim"), (f"{count(state.step)}{total}", "text"), ("  ", "")]
    if state.fraction is not None:
        line += [(f"{state.fraction:.0%}", "strong"), ("  ", "")]
    if state.state.active or state.eta.seconds is not None:
        held = state.state is State.PAUSED and state.eta.seconds is not None  # nobody knows when it goes on
        line += [("left " if held else "ETA ", "dim"), *eta_line(state.eta), (" ", "")]
    return line


def eta_line(eta: Eta) -> Line:
    """The estimate and its range, or why there is none."""
    if eta.seconds is None:
        return [(f"– {eta.reason}", "dim")]
    left, rest = eta.words
    return [("≤ " * eta.at_most + left, "strong"), (f" {rest}", "dim")]
