"""All keys and signs, from the tables that make the bindings and the panels."""

from __future__ import annotations

from textual import events

from cockpit.domain.state import State
from cockpit.tui.cells import Line, fit
from cockpit.tui.keys import Key, keys
from cockpit.tui.prose import wrap
from cockpit.tui.screens.box import BoxScreen, keys_line
from cockpit.tui.signs import state_sign

_TWO_COLUMNS = 110  # cells inside
_KEY, _STATE = 8, 14  # cells
_MOVING = (
    ("tab", "next panel; in a list arrows, j k, pgup, pgdn move"),
    ("ctrl+p", "find any action by its name"),
)
_MEANING = {
    State.LAUNCHING: "the process starts, data is made ready",
    State.RUNNING: "training steps are coming in",
    State.VALIDATING: "a validation is under way",
    State.SAVING: "a checkpoint is being written",
    State.PAUSED: "held at a step until you let it go on",
    State.STALLED: "no step in several times its own pace",
    State.STOPPING: "it was asked to stop",
    State.STOPPED: "ended early, by request",
    State.FINISHED: "trained to its end",
    State.FAILED: "an error ended it",
    State.KILLED: "a signal ended it",
    State.INTERRUPTED: "the machine went away under it",
    State.UNKNOWN: "cannot be told from here",
    State.WATCHED: "another tool records it and tells no end",
}
_MARKS = (
    ("×", "x", "bad", "NaN, at the step where it happened"),
    ("↑ ↓", "^ v", "bad", "+inf, -inf, in red"),
    ("Δ ¶", "C N", "warn", "a change of hyperparameters, a note; enter on the chart tells"),
    ("!", "!", "bad", "where trouble began: NaN, a spike, divergence"),
    ("▲ ▼", "^ v", "train", "beyond the axis, in the line's colour"),
)
_PROMISE = "Closing the cockpit, the terminal or the connection does not end a run."


class HelpScreen(BoxScreen[None]):
    """Keys on the left and signs on the right, or below each other where it is narrow."""

    largest = 130

    def __init__(self, *, read_only: bool = False) -> None:
        super().__init__("help")
        self._keys = keys(read_only=read_only)

    def lines(self, width: int, height: int) -> list[Line]:
        """The tables side by side or in turn, then what to remember."""
        promise: list[Line] = [[], *wrap(_PROMISE, width, "accent")]
        if width < _TWO_COLUMNS:
            return [*_keys(self._keys, width), [], *self._signs(width), *promise]
        half = (width - 3) // 2
        left, right = _keys(self._keys, half), self._signs(half)
        rows = max(len(left), len(right))
        left += [[] for _ in range(rows - len(left))]
        right += [[] for _ in range(rows - len(right))]
        both = [[*fit(one, half), ("   ", ""), *other] for one, other in zip(left, right, strict=True)]
        return [*both, *promise]

    def foot(self, width: int) -> list[Line]:
        """What to press."""
        moves = (("up down" if self.box.ascii else "↑↓", "scroll"), ("pgup pgdn", "page")) if self.box.longer else ()
        return [keys_line(width, ("esc", "back"), *moves)]

    def on_key(self, event: events.Key) -> None:
        """Scroll, leave."""
        event.stop()
        if event.key in ("escape", "q", "enter", "question_mark"):
            self.dismiss(None)
        else:
            self.scroll_key(event.key)

    def _signs(self, width: int) -> list[Line]:
        lines: list[Line] = [[("States", "title")]]
        for state, meaning in _MEANING.items():
            sign, name = state_sign(state, plain=self.box.ascii)
            lines += _row([(f"{sign} ", name), (f"{state:<{_STATE - 2}}", "text")], meaning, _STATE, width)
        lines += [[], [("On the charts", "title")]]
        for pretty, simple, name, meaning in _MARKS:
            mark = simple if self.box.ascii else pretty
            lines += _row([(f"{mark:<{_STATE}}", name)], meaning, _STATE, width)
        return lines


def _keys(table: tuple[Key, ...], width: int) -> list[Line]:
    lines: list[Line] = [[("Keys", "title")]]
    pages = [key for key in table if key.action.startswith("page(")]
    others = [(key.shown, key.help) for key in table if key not in pages]
    turning = (f"{pages[0].shown}-{pages[-1].shown}", f"pages: {', '.join(key.label for key in pages)}")
    for shown, meaning in (*others, turning, *_MOVING):
        lines += _row([(f"{shown:<{_KEY}}", "key")], meaning, _KEY, width)
    return lines


def _row(head: Line, meaning: str, indent: int, width: int) -> list[Line]:
    first, *more = wrap(meaning, max(1, width - indent), "dim")
    return [[*head, *first], *([(" " * indent, ""), *line] for line in more)]
