"""A text to read, scroll and copy: handoffs, remedies, errors, help."""

from __future__ import annotations

from textual import events

from cockpit.domain.text import safe
from cockpit.tui.cells import Line
from cockpit.tui.keys import KEYS
from cockpit.tui.screens.box import BoxScreen, wrap


class DocumentScreen(BoxScreen[None]):
    """Shows Markdown as it is, lightly coloured.

    Args:
        title: of the box.
        text: what to show.
        note: a line above it, such as where the document lies.
        copy: what ``y`` copies; nothing if it is empty.
    """

    largest = 130

    def __init__(self, title: str, text: str, note: str = "", copy: str = "") -> None:
        super().__init__(title)
        self.text, self.note, self.copy = text, note, copy
        self._said = ""

    def lines(self, width: int) -> list[Line]:
        """Every line of the text, wrapped."""
        lines: list[Line] = [*wrap(safe(self.note, 500), width, "dim"), []] if self.note else []
        fenced = False
        for raw in self.text.splitlines():
            fenced ^= raw.startswith("```")
            name = "code" if fenced or raw.startswith("```") else "title" if raw.startswith("#") else "text"
            lines += wrap(safe(raw, 2000), width, name)
        foot: Line = [("esc", "key"), (" back  ", "dim"), ("↑↓ pgup pgdn", "key"), (" scroll  ", "dim")]
        if self.copy:
            foot += [("y", "key"), (" copy  ", "dim"), (self._said, "good")]
        return [*lines, [], foot]

    def on_key(self, event: events.Key) -> None:
        """Scroll, copy, leave."""
        event.stop()
        page = max(1, self.box.size.height - 3)
        moves = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": page, "space": page, "pageup": -page,
                 "home": -100_000, "end": 100_000}  # fmt: skip
        if event.key in ("escape", "q", "enter"):
            self.dismiss(None)
        elif event.key in moves:
            self.scroll_by(moves[event.key])
        elif event.key == "y" and self.copy:
            self.app.copy_to_clipboard(self.copy)
            self._said = "copied (OSC 52)"
            self.layout_box()


def help_text() -> str:
    """The help, from the table of keys."""
    keys = [f"  {key.shown:<7} {key.help}" for key in KEYS]
    return "\n".join([
        "# Keys",
        *keys,
        "  tab     next panel; in lists arrows or j k move, enter chooses; ctrl+p finds every action",
        "",
        "# Signs",
        "  ● running   ◐ launching, validating, saving, stopping   ‖ paused   ! stalled   ■ stopped",
        "  ✓ finished  ✗ failed, killed, interrupted               ? unknown",
        "  × NaN       ↑ +inf   ↓ -inf   ▲ ▼ beyond the axis",
        "",
        "# Training goes on",
        "  Closing the cockpit, the terminal or the connection does not end a run.",
    ])  # fmt: skip
