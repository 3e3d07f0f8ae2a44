"""Is it good training? Six lines; what they rest on is a key away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.criteria import BAD, EARLY, EXPLAINED, OK, UNTOLD, WARN, Criterion, unjudged
from cockpit.domain.glyphs import check_glyph
from cockpit.domain.text import safe
from cockpit.tui.cells import Line
from cockpit.tui.messages import Snapshot
from cockpit.tui.panels.lists import ListPanel
from cockpit.tui.signs import check_sign

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

_ROOM_FOR_EVIDENCE = 60  # cells
_SHORT = 18  # cells
_MOST_COUNTS = 3  # that find room in the title; what is not told is the last


class Criteria(ListPanel):
    """The criteria of the selected run."""

    empty = "judged from step 1 on"

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        state = snapshot.selected
        waits = state is None or (state.launch is not None and state.step is None and state.ended is None)
        self.empty = type(self).empty if state is None or waits else unjudged(state)
        self.put(state.criteria if state else ())

    def status(self) -> Line:
        """How many are met, warn, fail, and are not told."""
        line: Line = []
        for status, also in ((OK, EXPLAINED), (WARN, WARN), (BAD, BAD), (UNTOLD, UNTOLD)):
            many = sum(criterion.status in (status, also) for criterion in self.items)
            if many:
                glyph, name = check_sign(status, plain=self.ascii)
                line += [(" " * bool(line) + f"{glyph}{many}", name)]
        return line[:_MOST_COUNTS]

    def row(self, item: Criterion, width: int) -> Line:
        """Sign, label, a few words; the first evidence where there is room."""
        glyph, name = check_sign(item.status, plain=self.ascii)
        style = {OK: "dim", EARLY: "faint", EXPLAINED: "dim", UNTOLD: "faint"}.get(item.status, "text")
        line: Line = [(f"{glyph} ", name), (f"{item.label:<13}", "text")]
        if width < _ROOM_FOR_EVIDENCE:
            return [*line, (safe(item.short), style)]
        return [*line, (f"{safe(item.short, _SHORT):<{_SHORT}} ", style), (safe(item.evidence[0]), "dim")]


def judgement(state: RunState) -> str:
    """What the criteria rest on, and what to do, as a document."""
    parts = []
    for trouble in state.troubles:
        at = f", since step {trouble.step:,}" if trouble.step is not None else ""
        parts += [f"# {check_glyph(trouble.level)} {trouble.short}{at}", trouble.text, f"→ {trouble.todo}", ""]
    for criterion in state.criteria:
        parts += [f"# {check_glyph(criterion.status)} {criterion.title}: {criterion.word_at(state.updated)}"]
        parts += [f"· {line}" for line in criterion.evidence]
        parts += [f"→ {todo}" for todo in filter(None, criterion.todo.split("; "))] + [""]
    return "\n".join(parts)
