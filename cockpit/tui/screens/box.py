"""What covers the dashboard: a framed box in the middle, drawn like a panel."""

from __future__ import annotations

from typing import TypeVar

from textual.app import ComposeResult
from textual.screen import ModalScreen

from cockpit.tui.cells import CellPanel, Line, line_width

Result = TypeVar("Result")


class Box(CellPanel):
    """The framed part; its screen gives the rows."""

    DEFAULT_CSS = "Box { background: #10151b; }"

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.lines: list[Line] = []
        self.top = 0

    def rows(self, width: int, height: int) -> list[Line]:
        """The lines that are scrolled to."""
        self.top = max(0, min(self.top, len(self.lines) - height))
        return self.lines[self.top : self.top + height]

    def status(self) -> Line:
        """Where in a long text one is."""
        inside = self.size.height - 2
        if len(self.lines) <= inside:
            return []
        return [(f"{self.top + 1}–{min(len(self.lines), self.top + inside)} of {len(self.lines)}", "dim")]


class BoxScreen(ModalScreen[Result]):
    """A modal with one box as large as its text, at most the screen."""

    DEFAULT_CSS = "BoxScreen { align: center middle; background: #000000 55%; }"
    largest = 92

    def __init__(self, title: str) -> None:
        super().__init__()
        self.box = Box(title)

    def lines(self, width: int) -> list[Line]:
        """The text for a box ``width`` cells wide inside; override."""
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
        """Recompute text and size."""
        width = max(1, min(self.largest, self.app.size.width - 2))
        self.box.lines = self.lines(max(1, width - 4))
        widest = max((line_width(line) for line in self.box.lines), default=0) + 4
        self.box.styles.width = min(width, max(widest, len(self.box.title) + 8, 30)) if self.shrinks else width
        self.box.styles.height = max(1, min(len(self.box.lines) + 2, self.app.size.height))
        self.box.repaint()

    shrinks = False

    def scroll_by(self, rows: int) -> None:
        """Move through a text that is longer than the screen."""
        self.box.top += rows
        self.box.repaint()


def wrap(text: str, width: int, name: str, indent: str = "") -> list[Line]:
    """Words in lines of at most ``width`` cells; a word that is too long is cut into pieces."""
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        rest = word
        while rest:
            room = width - len(indent) - (len(current) + 1 if current else 0)
            if len(rest) <= room:
                current = f"{current} {rest}" if current else rest
                rest = ""
            elif current:
                lines.append(current)
                current = ""
            else:
                lines.append(rest[: max(1, room)])
                rest = rest[max(1, room) :]
    lines.append(current)
    return [[(indent + line, name)] for line in lines]
