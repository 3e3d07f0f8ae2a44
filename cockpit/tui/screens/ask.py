"""One line of text from a person."""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from cockpit.domain.text import safe
from cockpit.tui.cells import Line
from cockpit.tui.field import Field
from cockpit.tui.prose import wrap
from cockpit.tui.screens.box import BoxScreen, keys_line


class AskScreen(BoxScreen[str | None]):
    """A field to type in; gives the text, or None.

    Args:
        title: of the box.
        lead: what is asked for.
        text: what stands in the field at first.
        wrong: why a text cannot be taken; empty where it can.
        optional: whether nothing is a text that can be taken.
    """

    largest = 72

    def __init__(
        self,
        title: str,
        lead: str,
        text: str = "",
        wrong: Callable[[str], str] = lambda _: "",
        *,
        optional: bool = False,
    ) -> None:
        super().__init__(title)
        self.lead, self._wrong, self._said, self._optional = lead, wrong, "", optional
        self.field = Field(text)

    def lines(self, width: int, height: int) -> list[Line]:
        """What is asked for, and what is wrong with what was typed."""
        said = [[], *wrap(safe(self._said, 300), width, "warn")] if self._said else []
        return [*wrap(safe(self.lead, 400), width, "text"), *said]

    def foot(self, width: int) -> list[Line]:
        """The field, its end in sight."""
        field = self.field.shown(max(1, width - 2))
        return [[("> ", "dim"), field], keys_line(width, ("enter", "take"), ("esc", "cancel"))]

    def on_key(self, event: events.Key) -> None:
        """Type, take, leave."""
        event.stop()
        if event.key == "escape":
            self.dismiss(None)
        elif event.key == "enter":
            text = self.field.text.strip()
            self._said = self._wrong(text) if text or self._optional else "type it, or esc"
            if not self._said:
                self.dismiss(text)
                return
        elif not self.field.key(event):
            self.scroll_key(event.key)
        self.layout_box()

    def on_paste(self, event: events.Paste) -> None:
        """Names and commands are often pasted."""
        event.stop()
        self.field.paste(event.text.strip())
        self.layout_box()
