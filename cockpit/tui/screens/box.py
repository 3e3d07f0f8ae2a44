"""What covers the dashboard: a framed box in the middle, drawn like a panel, its answers always in sight."""

from __future__ import annotations

from typing import TypeVar

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from cockpit.domain.text import safe
from cockpit.tui.cells import CellPanel, Line, line_width

Result = TypeVar("Result")

_FRAME = 2  # rows
_SIDES = 4  # cells: the frame and one space each
_NARROW = 44  # a terminal below this gives the box its whole width
_WHEEL = 3  # rows a turn of the wheel


class Box(CellPanel):
    """The framed part: a body that scrolls and a foot that does not."""

    def __init__(self, title: str) -> None:
        super().__init__(safe(title, 80))
        self.body: list[Line] = []
        self.foot: list[Line] = []
        self.top = 0  # first line of the body that is seen
        self.room = 0  # lines of the body that are seen at once
        self.longer = False  # than what is seen at once

    def rows(self, width: int, height: int) -> list[Line]:
        """The part of the body that is scrolled to, and the foot."""
        foot = self.foot[-max(1, height - 1) :] if self.foot else []
        gap = 1 if foot and height - len(foot) > 3 else 0
        self.room = max(0, height - len(foot) - gap)
        self.top = max(0, min(self.top, len(self.body) - self.room))
        seen = self.body[self.top : self.top + self.room]
        empty: list[Line] = [[] for _ in range(height - len(seen) - len(foot))]
        return [*seen, *empty, *foot]

    def status(self) -> Line:
        """Where in a long text one is."""
        if len(self.body) <= self.room:
            return []
        last, (dash, arrow) = self.top + self.room, "-v" if self.ascii else "–↓"
        seen = f"{self.top + 1}{dash}{last} of {len(self.body)}"
        return [(seen, "dim"), (f" {arrow}", "accent")] if last < len(self.body) else [(seen, "dim")]

    def hit(self, event: events.Click) -> tuple[str, int, int] | None:
        """What is under a click: ``"body"`` or ``"foot"``, the line of it, the cell of that line."""
        x, y = event.screen_x - self.region.x - 2, event.screen_y - self.region.y - 1
        inside = self.size.height - _FRAME
        if not (0 <= x < self.size.width - _SIDES and 0 <= y < inside):
            return None
        if y < self.room:
            return "body", self.top + int(y), int(x)
        line = int(y) - (inside - len(self.foot))
        return ("foot", line, int(x)) if line >= 0 else None


class BoxScreen(ModalScreen[Result]):
    """A modal with one box as large as its text, at most the screen.

    Args:
        title: of the box; made safe here.
    """

    DEFAULT_CSS = "BoxScreen { align: center middle; background: #000000 55%; }"
    largest = 92  # cells

    def __init__(self, title: str) -> None:
        super().__init__()
        self.box = Box(title)

    def lines(self, width: int, height: int) -> list[Line]:
        """The body for a box of ``width`` cells inside; ``height`` rows are seen without scrolling. Override."""
        return []

    def foot(self, width: int) -> list[Line]:
        """The lines below the body that are always seen. Override."""
        return []

    def compose(self) -> ComposeResult:
        """Just the box."""
        yield self.box

    def on_mount(self) -> None:
        """Size it and give it the keys."""
        self.layout_box()
        self.box.focus()

    def on_resize(self) -> None:
        """Another terminal size is another box."""
        self.layout_box()

    def layout_box(self) -> None:
        """Compute text and size anew."""
        wide, tall = self.app.size
        width = wide if wide < _NARROW else min(self.largest, wide - 2)
        inner = max(1, width - _SIDES)
        box = self.box
        box.foot = self.foot(inner)
        spare = len(box.foot) + 1 + _FRAME
        box.body = self.lines(inner, max(1, tall - spare))
        box.longer = len(box.body) + spare > tall
        box.foot = self.foot(inner)
        box.styles.width = max(1, width)
        box.styles.height = max(1, min(len(box.body) + spare, tall))
        box.repaint()

    def scroll_key(self, key: str) -> bool:
        """Scroll if ``key`` is one that scrolls; says whether it was."""
        page = max(1, self.box.room - 1)
        rows = {"up": -1, "down": 1, "k": -1, "j": 1, "pageup": -page, "pagedown": page, "space": page,
                "home": -len(self.box.body), "end": len(self.box.body)}  # fmt: skip
        if key not in rows:
            return False
        self.scroll_rows(rows[key])
        return True

    def scroll_rows(self, rows: int) -> None:
        """Move through a text that is longer than the screen; the box keeps it within bounds."""
        self.box.top += rows
        self.box.repaint()

    def on_mouse_scroll_down(self) -> None:
        """The wheel."""
        self.scroll_rows(_WHEEL)

    def on_mouse_scroll_up(self) -> None:
        """The wheel."""
        self.scroll_rows(-_WHEEL)


def keys_line(width: int, *pairs: tuple[str, str]) -> Line:
    """Keys and what they do; those that do not fit are left out."""
    line: Line = []
    for key, label in pairs:
        more: Line = [(key, "key"), (f" {label}   ", "dim")]
        if line_width(line) + line_width(more) - 3 <= width:
            line += more
    return line
