"""An error a person can act on."""

from __future__ import annotations

from textual import events

from cockpit.domain.text import safe
from cockpit.errors import CockpitError
from cockpit.tui.cells import Line
from cockpit.tui.prose import wrap
from cockpit.tui.screens.box import BoxScreen, keys_line


class MessageScreen(BoxScreen[None]):
    """What went wrong, and what to do about it."""

    largest = 72

    def __init__(self, error: CockpitError) -> None:
        super().__init__(error.title)
        self.error = error

    def lines(self, width: int, height: int) -> list[Line]:
        """Message and hint, line by line as they were written."""
        sign = "x " if self.box.ascii else "✗ "
        lines: list[Line] = []
        for index, raw in enumerate(self.error.message.splitlines() or [""]):
            for line in wrap(safe(raw, 2000), max(1, width - 2), "text"):
                lines.append([(sign if not index and not lines else "  ", "bad"), *line])
        if self.error.hint:
            hint = [line for raw in self.error.hint.splitlines() for line in wrap(safe(raw, 1000), width, "dim")]
            lines += [[], *hint]
        return lines

    def foot(self, width: int) -> list[Line]:
        """What to press."""
        return [keys_line(width, ("esc", "back"))]

    def on_key(self, event: events.Key) -> None:
        """Scroll, leave."""
        event.stop()
        if event.key in ("escape", "q", "enter"):
            self.dismiss(None)
        else:
            self.scroll_key(event.key)
