"""The last resort of small terminals."""

from __future__ import annotations

from cockpit.domain.text import count, number, rough_duration, safe
from cockpit.tui.cells import CellPanel, Line
from cockpit.tui.messages import Snapshot
from cockpit.tui.prose import wrap
from cockpit.tui.signs import state_sign


class Essentials(CellPanel, can_focus=False):
    """What a terminal of a few cells can still say."""

    framed = False
    _snapshot: Snapshot | None = None
    _notice: Line | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        self._snapshot = snapshot
        if self.display:
            self.repaint()

    def notice(self, line: Line | None) -> None:
        """A word for the person, above the rest, until the next one."""
        self._notice = line
        if self.display:
            self.repaint()

    def rows(self, width: int, height: int) -> list[Line]:
        """What was told just now; state, step, loss, time left."""
        told = wrap("".join(text for text, _ in self._notice), width, "accent") if self._notice else []
        return [*told, *self._essentials()]

    def _essentials(self) -> list[Line]:
        state = self._snapshot.selected if self._snapshot else None
        if state is None:
            return [[("cockpit", "accent")], [("no run", "dim")]]
        glyph, name = state_sign(state.state, plain=self.ascii)
        return [
            [(f"{glyph} {state.state}", name)],
            [(f"{count(state.step)}/{count(state.steps_total)}", "text")],
            [(f"loss {number(state.loss_train)}", "text")],
            [(f"val {number(state.loss_val)}", "text")],
            *([[(f"ETA {rough_duration(state.eta.seconds)}", "text")]] if state.eta.seconds is not None else []),
            [(safe(state.name), "dim")],
        ]
