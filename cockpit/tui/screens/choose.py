"""Choosing one of a few things: a config to start, a rung of the ladder."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events

from cockpit.domain.text import safe
from cockpit.tui.cells import Line
from cockpit.tui.prose import wrap
from cockpit.tui.screens.box import BoxScreen, keys_line

_CANCEL_KEYS = ("escape", "q")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose; ``why_not`` if it cannot be."""

    value: str
    label: str
    detail: str
    why_not: str = ""


class ChooseScreen(BoxScreen[str | None]):
    """A short list with a cursor; gives the value chosen, or None.

    Args:
        title: of the box.
        choices: the first nine have a digit that chooses them at once.
        lead: a sentence above them.
        cancel_first: the cursor starts on an entry that changes nothing.
    """

    def __init__(self, title: str, choices: tuple[Choice, ...], lead: str = "", *, cancel_first: bool = False) -> None:
        super().__init__(title)
        nothing = (Choice("", "Cancel", "nothing is changed"),)
        self.choices = nothing + choices if cancel_first else choices
        self.lead, self.cursor = lead, 0
        self._first_digit = 0 if cancel_first else 1  # "Cancel" has no digit
        self._owner: list[int] = []  # index of the choice that each line of the body belongs to, -1 for none

    def lines(self, width: int, height: int) -> list[Line]:
        """The choices, each with what it means."""
        lines: list[Line] = [*wrap(safe(self.lead, 400), width, "dim"), []] if self.lead else []
        self._owner = [-1] * len(lines)
        for index, choice in enumerate(self.choices):
            mine = self._choice_lines(index, choice, width)
            lines += mine
            self._owner += [index] * len(mine)
        return lines

    def _choice_lines(self, index: int, choice: Choice, width: int) -> list[Line]:
        here, digit = index == self.cursor, index + self._first_digit
        name = "selected" if here else "faint" if choice.why_not else "strong"
        number = f"{digit} " if 1 <= digit <= 9 else "  "
        label: Line = [("> " if here else "  ", "accent"), (number, "key"), (safe(choice.label), name)]
        if choice.why_not:
            return [label, *wrap(f"not now: {safe(choice.why_not, 400)}", width, "warn", indent="    ")]
        return [label, *wrap(safe(choice.detail, 400), width, "dim", indent="    ")]

    def foot(self, width: int) -> list[Line]:
        """What to press."""
        return [keys_line(width, ("enter", "choose"), ("esc", "cancel"), ("j k", "move"))]

    def on_key(self, event: events.Key) -> None:
        """Arrows, digits, enter, escape."""
        event.stop()
        key, page = event.key, max(1, self.box.room // 2)
        moves = {"down": 1, "j": 1, "tab": 1, "up": -1, "k": -1, "shift+tab": -1, "pagedown": page, "pageup": -page,
                 "home": -len(self.choices), "end": len(self.choices)}  # fmt: skip
        if key in _CANCEL_KEYS:
            self.dismiss(None)
        elif key in moves and self.choices:
            self._move_to(self.cursor + moves[key])
        elif len(key) == 1 and key in "123456789":
            self._take(int(key) - self._first_digit)
        elif key == "enter":
            self._take(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """A click chooses."""
        event.stop()
        found = self.box.hit(event)
        if found is not None and found[0] == "body" and found[1] < len(self._owner) and self._owner[found[1]] >= 0:
            self._take(self._owner[found[1]])

    def _move_to(self, index: int) -> None:
        self.cursor = max(0, min(len(self.choices) - 1, index))
        self.layout_box()
        self._show_cursor()

    def _show_cursor(self) -> None:
        """Scroll no further than it takes to see the whole choice, its first line above all."""
        first = self._owner.index(self.cursor)
        last = first + self._owner.count(self.cursor) - 1
        self.box.top = min(max(self.box.top, last - self.box.room + 1), first)
        self.box.repaint()

    def _take(self, index: int) -> None:
        """Give the choice; one that cannot be had only gets the cursor, beside which the reason stands."""
        if not 0 <= index < len(self.choices):
            return
        choice = self.choices[index]
        if choice.why_not:
            self._move_to(index)
        else:
            self.dismiss(choice.value or None)
