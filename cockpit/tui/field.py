"""One line of text that a person types; what it shows is safe, what it gives is what was typed."""

from __future__ import annotations

from textual import events

from cockpit.domain.text import safe
from cockpit.tui.cells import CellPanel, Span, line_width


class Field:
    """Typing happens at the end; ``longest`` is how many characters it takes."""

    def __init__(self, text: str = "", longest: int = 500) -> None:
        self.text, self._longest = text, longest

    def key(self, event: events.Key) -> bool:
        """Take a key, if it is one that types; says whether it was."""
        if event.key == "backspace":
            self.text = self.text[:-1]
        elif event.key == "ctrl+u":
            self.text = ""
        elif event.is_printable and event.character:
            self.paste(event.character)
        else:
            return False
        return True

    def paste(self, text: str) -> None:
        """Take a text as if it were typed; lines become words."""
        self.text = (self.text + " ".join(text.splitlines()))[: self._longest]

    def shown(self, width: int, *, active: bool = True) -> Span:
        """Its end, in at most ``width`` cells, with the place where typing goes on."""
        cursor = ("_" if CellPanel.ascii else "▏") if active else ""
        text = safe(self.text, 10_000)
        while text and line_width([(text + cursor, "")]) > width:
            text = text[1:]
        return text + cursor, "input" if active else "text"
