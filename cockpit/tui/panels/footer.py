"""What to press."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.state import State
from cockpit.tui.cells import CellPanel, Line, line_width
from cockpit.tui.keys import Key, keys
from cockpit.tui.messages import Snapshot

if TYPE_CHECKING:
    from cockpit.domain.run import RunState


_OPENS = {"runs": "show", "checks": "remedy", "criteria": "evidence", "checkpoints": "details"}  # what enter does
_CHART: Line = [("l", "key"), (" log  ", "dim"), ("+ -", "key"), (" zoom  ", "dim"), ("[ ]", "key"), (" move  ", "dim")]
_OF_PANEL: dict[str, Line] = {
    "loss": [("y", "key"), (" metric  ", "dim"), ("m", "key"), (" smoothing  ", "dim"), *_CHART],
    "second": _CHART,
    "log": [("pgup pgdn", "key"), (" scroll  ", "dim"), ("end", "key"), (" follow  ", "dim")],
}


class Footer(CellPanel, can_focus=False):
    """One row of the keys that are of use now; those that do not fit are in the help."""

    framed = False
    paged = False  # whether there are pages to turn
    _state: RunState | None = None
    _panel = ""  # the one that has the keys
    _opens = _deletes = False  # whether enter opens, and d may delete, what is under its cursor
    _enlarged = False

    def over(self, panel: str, *, opens: bool, deletes: bool, enlarged: bool) -> None:
        """Take in which panel has the keys, what is under its cursor, and how it is seen."""
        if (panel, opens, deletes, enlarged) != (self._panel, self._opens, self._deletes, self._enlarged):
            self._panel, self._opens, self._deletes, self._enlarged = panel, opens, deletes, enlarged
            self.repaint()

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        before, self._state = self._state, snapshot.selected
        if _use(before) != _use(self._state):
            self.repaint()

    def rows(self, width: int, height: int) -> list[Line]:
        """Key and label, from the table; first the way back and what the enlarged panel knows."""
        line: Line = [(" ", "")]
        if self._enlarged:
            line += [("esc", "key"), (" back  ", "dim"), *_OF_PANEL.get(self._panel, [])]
        last: Line = [("?", "key"), (" help", "dim")]
        if self.paged:
            last = [("1-5", "key"), (" pages  ", "dim"), *last]
        for key in keys(read_only=self.read_only):
            if not key.footer or key.action == "help" or not key.useful(self._state) or not self._fits(key):
                continue
            more: Line = [(key.shown, "key"), (f" {self._label(key)}  ", "dim")]
            if line_width(line) + line_width(more) + line_width(last) <= width:
                line += more
        return [line + last]

    def _fits(self, key: Key) -> bool:
        """Whether a key does something with the panel that has the keys."""
        if key.action == "enlarge":
            return self._opens and not self._enlarged
        if key.action == "zoom":
            return self._opens or not self._enlarged
        return key.action != "delete" or self._deletes

    def _label(self, key: Key) -> str:
        """What it does now."""
        if key.action == "zoom" and self._opens:
            return _OPENS.get(self._panel, "open")
        if key.action == "pause" and self._state is not None and self._state.state is State.PAUSED:
            return "continue"
        return key.label


def _use(state: RunState | None) -> tuple[object, ...]:
    """What of a run decides which keys are of use."""
    return () if state is None else (state.state, state.listens, bool(state.last_checkpoint))
