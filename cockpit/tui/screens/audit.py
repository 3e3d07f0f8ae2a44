"""Who allowed what: every question that was asked here, newest first, and whether the record of it is whole."""

from __future__ import annotations

import time

from textual import events

from cockpit.domain.decisions import Decided, verdict
from cockpit.domain.text import counted, safe
from cockpit.runs.audit import Audit
from cockpit.tui.cells import Line, fit
from cockpit.tui.prose import wrap
from cockpit.tui.screens.box import BoxScreen, keys_line
from cockpit.tui.screens.document import DocumentScreen

_ANSWERS = {"yes": "good", "no": "dim", "refused": "warn", "denied": "bad", "unanswered": "warn"}
_OUTCOMES = {"done": "good", "failed": "bad", "void": "warn"}
_WIDE = 100  # cells, from which on there is room for who and how


class AuditScreen(BoxScreen[None]):
    """A list with a cursor; enter shows the facts of one question.

    Args:
        audit: as it was read.
        questions: newest first.
        path: of the file, for a person.
    """

    largest = 136

    def __init__(self, audit: Audit, questions: tuple[Decided, ...], path: str) -> None:
        super().__init__("audit")
        self._audit, self._questions, self._path = audit, questions, path
        self._cursor, self._lead, self._width = 0, 0, 0

    def lines(self, width: int, height: int) -> list[Line]:
        """The verdict, then a line a question."""
        self._width = width
        problems = self._audit.problems
        name = "bad" if problems else "good" if self._questions else "dim"
        asked = f" of {counted(len(self._questions), 'question')}" if self._questions and not problems else ""
        lead: list[Line] = wrap(safe(verdict(len(self._audit.entries), problems), 400) + asked, width, name)
        lead += [*wrap(safe(self._path, 400), width, "faint"), []]
        self._lead = len(lead)
        return [*lead, *(self._row(index) for index in range(len(self._questions)))]

    def _row(self, index: int) -> Line:
        one, width = self._questions[index], self._width
        here = index == self._cursor
        moment = time.strftime("%m-%d %H:%M:%S", time.localtime(one.time))
        row: Line = [
            ("> " if here else "  ", "accent"),
            (f"{moment}  ", "dim"),
            (f"{safe(one.action, 9):<9} ", "selected" if here else "strong"),
            (f"{safe(one.subject, 24):<24} ", "text"),
            (f"{safe(one.answer, 10) or '-':<10} ", _ANSWERS.get(one.answer, "dim")),
            (f"{safe(one.outcome, 6):<6}", _OUTCOMES.get(one.outcome, "dim")),
        ]
        if width >= _WIDE:
            row += [(f"  {safe(one.how, 18):<18}", "dim"), (f"  {safe(one.who, 60)}", "dim")]
        return fit(row, width)

    def foot(self, width: int) -> list[Line]:
        """What to press."""
        return [keys_line(width, ("enter", "its facts"), ("esc", "back"), ("j k", "move"), ("pgup pgdn", "page"))]

    def on_key(self, event: events.Key) -> None:
        """Move, look at one, leave."""
        event.stop()
        key, page = event.key, max(1, self.box.room - 1)
        last = len(self._questions)
        moves = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": page, "space": page, "pageup": -page,
                 "home": -last, "end": last}  # fmt: skip
        if key in ("escape", "q", "a"):
            self.dismiss(None)
        elif key in moves and self._questions:
            self._move_to(self._cursor + moves[key])
        elif key == "enter" and self._questions:
            self._open()

    def on_click(self, event: events.Click) -> None:
        """A click shows the facts of a question."""
        event.stop()
        found = self.box.hit(event)
        index = found[1] - self._lead if found is not None and found[0] == "body" else -1
        if 0 <= index < len(self._questions):
            self._move_to(index)
            self._open()

    def _move_to(self, index: int) -> None:
        """Redraw two rows only: an audit may have many thousands."""
        before, self._cursor = self._cursor, max(0, min(len(self._questions) - 1, index))
        for row in (before, self._cursor):
            self.box.body[self._lead + row] = self._row(row)
        line = self._lead + self._cursor
        self.box.top = 0 if not self._cursor else min(max(self.box.top, line - self.box.room + 1), line)
        self.box.repaint()

    def _open(self) -> None:
        one = self._questions[self._cursor]
        self.app.push_screen(DocumentScreen(f"audit {one.sequence}", _about(one)))


def _about(one: Decided) -> str:
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.time))
    said = f"{one.answer or '-'}{f' ({one.how})' if one.how else ''}"
    came = f"{one.outcome or 'nothing was done'}{f': {one.detail}' if one.detail else ''}"
    rows = (
        ("when", moment), ("who", f"{one.who}, {one.via}"), ("action", one.action), ("subject", one.subject),
        ("answer", said), ("outcome", came), *one.facts, *((("command", one.command),) if one.command else ()),
    )  # fmt: skip
    return "\n".join([f"# {safe(one.title, 300)}", "", *(f"- **{safe(a, 40)}**: {safe(b, 1000)}" for a, b in rows)])
