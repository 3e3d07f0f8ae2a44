"""Panels with a cursor: the checklist, the runs, the checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from textual import events
from textual.message import Message

from cockpit.domain.text import age, count, number, safe, size
from cockpit.tui.cells import CellPanel, Line, between, fit
from cockpit.tui.messages import Snapshot
from cockpit.tui.signs import check_sign, state_sign

if TYPE_CHECKING:
    from cockpit.domain.checklist import Check
    from cockpit.domain.checkpoint import CheckpointReport
    from cockpit.domain.run import Checkpoint, RunState


_ROOM_FOR_ALL = 90  # cells


class ListPanel(CellPanel):
    """A list of which only the visible rows are ever built."""

    empty = ""

    class Chosen(Message):
        """Enter, or a click, on an item."""

        def __init__(self, panel: ListPanel, item: Any) -> None:
            super().__init__()
            self.panel, self.item = panel, item

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(title, id=id)
        self.items: tuple[Any, ...] = ()
        self.cursor = 0
        self._top = 0

    @property
    def item(self) -> Any:
        """What the cursor is on; None in an empty list."""
        return self.items[self.cursor] if self.items else None

    def row(self, item: Any, width: int) -> Line:
        """One line; override."""
        raise NotImplementedError

    def put(self, items: tuple[Any, ...]) -> None:
        """Other items; the cursor stays within them."""
        self.items = items
        self.cursor = max(0, min(self.cursor, len(items) - 1))
        self.repaint()

    def rows(self, width: int, height: int) -> list[Line]:
        """The rows around the cursor."""
        if not self.items:
            return [[(self.empty, "faint")]]
        self._top = max(0, min(self._top, self.cursor, len(self.items) - height))
        self._top = max(self._top, self.cursor - height + 1)
        lines = []
        for index in range(self._top, min(len(self.items), self._top + height)):
            line = fit(self.row(self.items[index], width), width)
            if index == self.cursor and self.has_focus:
                line = [(text, "selected") for text, _ in line]
            lines.append(line)
        return lines

    def move(self, by: int) -> None:
        """Move the cursor."""
        self.cursor = max(0, min(len(self.items) - 1, self.cursor + by))
        self.repaint()

    def key_down(self) -> None:
        """Next item."""
        self.move(1)

    def key_up(self) -> None:
        """Item before."""
        self.move(-1)

    key_j, key_k = key_down, key_up

    def key_home(self) -> None:
        """First item."""
        self.move(-len(self.items))

    def key_end(self) -> None:
        """Last item."""
        self.move(len(self.items))

    def on_click(self, event: events.Click) -> None:
        """Choose the item under the mouse."""
        index = self._top + event.y - 1
        if 0 <= index < len(self.items):
            self.cursor = index
            self.repaint()
            self.post_message(self.Chosen(self, self.item))


class Checklist(ListPanel):
    """Is the project ready to train?"""

    empty = "looking…"

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        self.put(snapshot.checks)

    def status(self) -> Line:
        """The verdict."""
        if not self.items:
            return []
        bad = sum(check.status == "bad" for check in self.items)
        return [("ready", "good")] if not bad else [(f"{bad} to fix", "bad")]

    def row(self, item: Check, width: int) -> Line:
        """Tick, label, evidence."""
        glyph, name = check_sign(item.status, plain=self.ascii)
        return [(f"{glyph} ", name), (f"{item.label:<12}", "text"), (safe(item.evidence), "dim")]


class Runs(ListPanel):
    """Every run of the project, newest first."""

    empty = "no runs yet: s starts one"
    selected: str | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look; the cursor stays on its run when others come."""
        held = self.item.id if self.items and self.has_focus else None
        self.selected = snapshot.selected.id if snapshot.selected else None
        wanted = held or self.selected
        self.cursor = next((i for i, run in enumerate(snapshot.runs) if run.id == wanted), self.cursor)
        self.put(snapshot.runs)

    def status(self) -> Line:
        """How many, and how many of them live."""
        live = sum(run.state.active for run in self.items)
        return [(f"{live} live ", "good")] * bool(live) + [(count(len(self.items)), "dim")] if self.items else []

    def row(self, item: RunState, width: int) -> Line:
        """State, name, and how far or how good."""
        glyph, name = state_sign(item.state, plain=self.ascii)
        mark = ">" if item.id == self.selected else " "
        if item.state.active and item.fraction is not None:
            right: Line = [(f"{item.fraction:.0%}", "strong")]
        elif item.best is not None:
            right = [(number(item.best.value), "text")]
        else:
            right = [(str(item.state), name)]
        left: Line = [
            (mark, "accent"),
            (f"{glyph} ", name),
            (f"{item.short_id} ", "dim"),
            (safe(item.name, 40), "text"),
        ]
        return between(left, right, width)


class Checkpoints(ListPanel):
    """The checkpoints of the selected run, newest first."""

    empty = "none saved yet"

    _reports: Mapping[str, CheckpointReport] = MappingProxyType({})
    _now = 0.0

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look; what has been read through says what it is worth."""
        self._reports = {report.checkpoint.path: report for report in snapshot.checkpoints}
        self._now = snapshot.now
        told = snapshot.selected.checkpoints if snapshot.selected else ()
        known = {checkpoint.path for checkpoint in told}
        others = tuple(report.checkpoint for path, report in self._reports.items() if path not in known)
        self.put((*told, *others))

    def report(self, item: Checkpoint) -> CheckpointReport | None:
        """What was found inside, once it has been read."""
        return self._reports.get(item.path)

    def row(self, item: Checkpoint, width: int) -> Line:
        """Whether it is whole, role, step, metric; on wide panels size, age and what a resume gives back."""
        report = self.report(item)
        role = safe(item.roles[0], 6) if item.roles else ""
        if report is not None and report.alias_of:
            role = "alias"
        sign = ("·", "faint") if report is None else check_sign(_worth(report), plain=self.ascii)
        left: Line = [
            (f"{sign[0]} ", sign[1]),
            (f"{role:<6}" if width >= 26 else "", "good" if role == "best" else "dim"),
            (f"step {count(item.step)}", "text"),
        ]
        value = number(item.value) if item.value is not None and item.metric != "step" else ""
        right: Line = [(value, "text")] + ([(f" {size(item.bytes):>9}", "dim")] if width >= 36 else [])
        if width < _ROOM_FOR_ALL:
            return between(left, right, width)
        if item.time is not None:
            right.append((f"  {age(self._now - item.time):<9}", "dim"))
        worth = f"{report.guarantee}: {report.reason}" if report is not None else "not read yet"
        return between(left, [*right, (f"  {safe(worth, width - 56):<{width - 56}}", "dim")], width)


def _worth(report: CheckpointReport) -> str:
    from cockpit.domain.checkpoint import UNSAFE

    if report.guarantee == UNSAFE:
        return "bad"
    return "warn" if report.stale or report.checkpoint.finite is False else "ok"
