"""What to press."""

from __future__ import annotations

from cockpit.tui.cells import CellPanel, Line, line_width
from cockpit.tui.keys import keys


class Footer(CellPanel, can_focus=False):
    """One row of keys; those that do not fit are in the help."""

    framed = False
    read_only = False

    def rows(self, width: int, height: int) -> list[Line]:
        """Key and label, from the table."""
        line: Line = [(" ", "")]
        last: Line = [("?", "key"), (" help", "dim")]
        for key in keys(read_only=self.read_only):
            if not key.footer or key.action == "help":
                continue
            more: Line = [(key.shown, "key"), (f" {key.label}  ", "dim")]
            if line_width(line) + line_width(more) + line_width(last) <= width:
                line += more
        return [line + last]
