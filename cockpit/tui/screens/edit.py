"""What can be changed in a training under way, each with its present value and a place for another."""

from __future__ import annotations

from textual import events

from cockpit.domain.hyperparameters import KNOBS, Knob, Present, Value, parse, refusal, shown
from cockpit.tui.cells import Line
from cockpit.tui.field import Field
from cockpit.tui.prose import wrap
from cockpit.tui.screens.box import BoxScreen, keys_line

_NAME, _NOW, _NEW = 19, 14, 14  # cells


class EditScreen(BoxScreen[dict[str, Value] | None]):
    """A line for each thing that can be changed; gives the new values by name, or None.

    Args:
        title: of the box.
        present: what can be changed, as it is.
        step: the run is at.
        epoch: the run is in, 0-based.
    """

    def __init__(self, title: str, present: Present, step: int, epoch: int) -> None:
        super().__init__(title)
        self.present, self._step, self._epoch = present, step, epoch
        self.knobs = tuple(knob for knob in KNOBS if knob.name in present)
        self.fields = {knob.name: Field(longest=40) for knob in self.knobs}
        self.cursor = 0
        self._problem = ""

    def lines(self, width: int, height: int) -> list[Line]:
        """Name, present value, new value; below them what the one under the cursor means."""
        head: Line = [(f"  {'':<{_NAME}}{'now':<{_NOW}}new", "dim")]
        rows = [self._row(index, knob, width) for index, knob in enumerate(self.knobs)]
        meaning = wrap(self.knobs[self.cursor].meaning, width, "dim") if self.knobs else []
        return [head, *rows, [], *meaning]

    def _row(self, index: int, knob: Knob, width: int) -> Line:
        here, field = index == self.cursor, self.fields[knob.name]
        now = shown(knob.name, self.present[knob.name])
        text, style = field.shown(max(1, width - _NAME - _NOW - 2), active=here)
        return [
            ("> " if here else "  ", "accent"),
            (f"{knob.name:<{_NAME}}", "strong" if here or field.text else "text"),
            (f"{now:<{_NOW}}", "dim"),
            (text.ljust(_NEW) if here else text, style if here else "strong"),
        ]

    def foot(self, width: int) -> list[Line]:
        """What is wrong, or what to press."""
        if self._problem:
            return wrap(self._problem, width, "bad")
        return [
            keys_line(
                width,
                ("enter", "look what it does"),
                ("esc", "cancel"),
                ("up down" if self.box.ascii else "↑↓", "move"),
            )
        ]

    def on_key(self, event: events.Key) -> None:
        """Move, type, take."""
        event.stop()
        moves = {"down": 1, "tab": 1, "up": -1, "shift+tab": -1}
        self._problem = "" if event.key != "enter" else self._problem
        if event.key == "escape":
            self.dismiss(None)
            return
        if event.key == "enter":
            self._take()
        elif event.key in moves and self.knobs:
            self.cursor = (self.cursor + moves[event.key]) % len(self.knobs)
        elif self.knobs:
            self.fields[self.knobs[self.cursor].name].key(event)
        if self.is_attached:
            self.layout_box()

    def on_paste(self, event: events.Paste) -> None:
        """As if it were typed."""
        event.stop()
        if self.knobs:
            self.fields[self.knobs[self.cursor].name].paste(event.text)
            self.layout_box()

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there."""
        event.stop()
        found = self.box.hit(event)
        if found is not None and found[0] == "body" and 1 <= found[1] <= len(self.knobs):
            self.cursor = found[1] - 1
            self.layout_box()

    def _take(self) -> None:
        """Give what was typed, unless it is nothing or cannot be."""
        try:
            values = {name: parse(name, field.text) for name, field in self.fields.items() if field.text.strip()}
            self._problem = refusal(values, self.present, self._step, self._epoch)
        except ValueError as error:
            self._problem = str(error)
        if not self._problem:
            self.dismiss(values)
