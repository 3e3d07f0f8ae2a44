"""A line to write, below those that were written before."""

from __future__ import annotations

from textual import events

from cockpit.tui.cells import Line
from cockpit.tui.field import Field
from cockpit.tui.prose import wrap
from cockpit.tui.screens.box import BoxScreen, keys_line


class NoteScreen(BoxScreen[str | None]):
    """Gives what was written, or None.

    Args:
        title: of the box.
        before: what stands already, oldest first; safe for the terminal.
    """

    def __init__(self, title: str, before: tuple[str, ...] = ()) -> None:
        super().__init__(title)
        self.before, self.field = before, Field()

    def lines(self, width: int, height: int) -> list[Line]:
        """The marks so far, the newest last, as many as there is room for."""
        lines = [line for text in self.before for line in wrap(text, width, "dim")]
        return lines[-height:]

    def foot(self, width: int) -> list[Line]:
        """The line, and what to press."""
        field = [("> ", "dim"), self.field.shown(max(1, width - 2))]
        return [field, keys_line(width, ("enter", "attach it"), ("esc", "cancel"))]

    def on_key(self, event: events.Key) -> None:
        """Type, take."""
        event.stop()
        if event.key == "escape":
            self.dismiss(None)
        elif event.key == "enter":
            self.dismiss(self.field.text.strip() or None)
        elif self.field.key(event):
            self.layout_box()
        else:
            self.scroll_key(event.key)

    def on_paste(self, event: events.Paste) -> None:
        """As if it were typed."""
        event.stop()
        self.field.paste(event.text)
        self.layout_box()
