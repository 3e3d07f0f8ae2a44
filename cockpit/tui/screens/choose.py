"""Choosing one of a few things: a config to start, a rung of the ladder."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events

from cockpit.domain.text import safe
from cockpit.tui.cells import Line
from cockpit.tui.screens.box import BoxScreen, wrap


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose; ``why_not`` if it cannot be."""

    value: str
    label: str
    detail: str
    why_not: str = ""


class ChooseScreen(BoxScreen[str | None]):
    """A short list with a cursor; the first entry may be "nothing"."""

    def __init__(self, title: str, choices: tuple[Choice, ...], lead: str = "", *, cancel_first: bool = False) -> None:
        super().__init__(title)
        nothing = (Choice("", "Cancel", "nothing is changed"),)
        self.choices = nothing + choices if cancel_first else choices
        self.lead, self.cursor, self._first_row = lead, 0, 0

    def lines(self, width: int) -> list[Line]:
        """The choices, each with what it means."""
        lines: list[Line] = [*wrap(self.lead, width, "dim"), []] if self.lead else []
        self._first_row = len(lines)
        for index, choice in enumerate(self.choices):
            here = index == self.cursor
            lines.append([("> " if here else "  ", "accent"), (safe(choice.label), "selected" if here else "strong")])
            why = choice.why_not
            lines += wrap(safe(why or choice.detail, 300), width, "warn" if why else "dim", indent="    ")[:2]
        return [*lines, [], [("enter", "key"), (" choose   ", "dim"), ("esc", "key"), (" cancel", "dim")]]

    def on_key(self, event: events.Key) -> None:
        """Arrows, digits, enter, escape."""
        event.stop()
        if event.key in ("escape", "q"):
            self.dismiss(None)
        elif event.key in ("down", "j", "tab"):
            self.cursor = min(len(self.choices) - 1, self.cursor + 1)
        elif event.key in ("up", "k", "shift+tab"):
            self.cursor = max(0, self.cursor - 1)
        elif event.key.isdigit() and 1 <= int(event.key) <= len(self.choices):
            self.cursor = int(event.key) - 1
        elif event.key == "enter" and not self.choices[self.cursor].why_not:
            self.dismiss(self.choices[self.cursor].value or None)
        self.layout_box()
        self.scroll_to_cursor()

    def scroll_to_cursor(self) -> None:
        """Keep the chosen line in sight on a small screen."""
        row = next((i for i, line in enumerate(self.box.lines) if line and line[0][0] == "> "), 0)
        inside = self.box.size.height - 2
        if not self.box.top <= row < self.box.top + inside:
            self.box.top = max(0, row - inside // 2)
            self.box.repaint()
