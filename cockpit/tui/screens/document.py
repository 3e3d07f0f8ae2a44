"""A text to read, scroll and copy: handoffs, remedies, failures."""

from __future__ import annotations

import re

from textual import events

from cockpit.domain.text import safe
from cockpit.tui.cells import Line
from cockpit.tui.prose import wrap
from cockpit.tui.screens.box import BoxScreen, keys_line

_FENCE = re.compile(r"^(`{3,})\s*(\w*)\s*$")
_FIELD = re.compile(r"^- \*\*(.{1,40}?)\*\*: (.*)$")
_LABEL = 17  # cells of a field's label
_NARROW = 60  # below, a field is a line like any other


class DocumentScreen(BoxScreen[None]):
    """Shows Markdown, lightly coloured: headings, fields, code; everything else as it is.

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

    def show(self, text: str, note: str, copy: str = "") -> None:
        """Replace the text, once what it waited for is there."""
        self.text, self.note, self.copy = text, note, copy
        if self.is_attached:
            self.layout_box()

    def lines(self, width: int, height: int) -> list[Line]:
        """Every line of the text, wrapped."""
        note: list[Line] = [*wrap(safe(self.note, 500), width, "dim"), []] if self.note else []
        return [*note, *markdown_lines(self.text, width)]

    def foot(self, width: int) -> list[Line]:
        """What to press, and that it was copied."""
        copy = (("y", "copy"),) if self.copy else ()
        scroll = "up down" if self.box.ascii else "↑↓"
        moves = ((scroll, "scroll"), ("pgup pgdn", "page")) if self.box.longer else ()
        line = keys_line(width, ("esc", "back"), *copy, *moves)
        return [[(self._said, "good")] if self._said else line]

    def on_key(self, event: events.Key) -> None:
        """Scroll, copy, leave."""
        event.stop()
        said, self._said = self._said, ""
        if event.key in ("escape", "q", "enter"):
            self.dismiss(None)
            return
        if event.key == "y" and self.copy:
            self.app.copy_to_clipboard(self.copy)
            self._said = "copied, if this terminal lets programs copy (OSC 52)"
        if said != self._said:
            self.layout_box()
        self.scroll_key(event.key)


def markdown_lines(text: str, width: int) -> list[Line]:
    """The lines of a Markdown text, each safe for the terminal."""
    lines: list[Line] = []
    fence = ""
    for raw in text.splitlines():
        mark = _FENCE.match(raw)
        if mark and not fence:
            fence = mark[1]
            lines.append([(f"{mark[2] or 'text'}:", "faint")])
        elif mark and mark[1] == fence and not mark[2]:
            fence = ""
        elif fence:
            lines += wrap(safe(raw, 4000), width, "code")
        elif raw.startswith("#"):
            lines += wrap(safe(raw.lstrip("# "), 400), width, "title")
        elif (field := _FIELD.match(raw)) and width >= _NARROW:
            lines += _field_lines(field[1], field[2], width)
        else:
            lines += wrap(safe(raw, 4000), width, "text")
    return lines


def _field_lines(label: str, value: str, width: int) -> list[Line]:
    """``- **label**: value`` as a row of a table, what belongs to the value below it."""
    first, *more = wrap(safe(value.replace("`", ""), 2000), width - _LABEL - 1, "text")
    shown = safe(label)
    gap = " " * (_LABEL - len(shown)) if len(shown) < _LABEL else ""
    return [[(f"{shown}{gap} ", "dim"), *first], *([(" " * (_LABEL + 1), ""), *line] for line in more)]
