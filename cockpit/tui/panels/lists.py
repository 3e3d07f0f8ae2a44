"""Panels with a cursor: the checklist, the runs, the checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from textual import events
from textual.message import Message

from cockpit.domain.text import count, duration, number, safe, short_age, size
from cockpit.tui.cells import CellPanel, Line, between, fit, line_width
from cockpit.tui.messages import Snapshot
from cockpit.tui.signs import check_sign, state_sign

if TYPE_CHECKING:
    from cockpit.domain.checklist import Check
    from cockpit.domain.checkpoint import CheckpointReport
    from cockpit.domain.run import Checkpoint, RunState


_ROOM_FOR_ALL = 90  # cells
_ROOM_FOR_AGE = 64  # cells
_ROOM_FOR_SIZE = 36  # cells
_GUARANTEE = 12  # cells
_ROOM_FOR_VERDICT = 32  # cells
_ROOM_FOR_DETAIL = 60  # cells
_EVIDENCE = 18  # cells


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
        self._page = 1  # rows that are seen at once

    @property
    def item(self) -> Any:
        """What the cursor is on; None in an empty list."""
        return self.items[self.cursor] if self.items else None

    def row(self, item: Any, width: int) -> Line:
        """One line; override."""
        raise NotImplementedError

    def status(self) -> Line:
        """Whether there is more than is seen."""
        return self.beyond()

    def beyond(self) -> Line:
        """A sign that there are items below the last that is seen."""
        return [("v" if self.ascii else "↓", "accent")] if self._top + self._page < len(self.items) else []

    def same(self, item: Any) -> object:
        """What an item is known by when others come; without it the cursor stays in its row. Override."""
        return None

    def put(self, items: tuple[Any, ...]) -> None:
        """Other items; the cursor stays on its own, as long as it is there and somebody is at it."""
        held = self.same(self.item) if self.items and self.has_focus else None
        row = next((i for i, item in enumerate(items) if held is not None and self.same(item) == held), self.cursor)
        self.items = items
        self.cursor = max(0, min(row, len(items) - 1))
        self.repaint()

    def rows(self, width: int, height: int) -> list[Line]:
        """The rows around the cursor."""
        if not self.items:
            return [[(self.empty, "faint")]]
        self._page = max(1, height)
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

    def key_pagedown(self) -> None:
        """A screen on."""
        self.move(self._page)

    def key_pageup(self) -> None:
        """A screen back."""
        self.move(-self._page)

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
    verdict = True
    _label = 13  # cells

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look."""
        if snapshot.watching:
            self.title, self.verdict = "Watching", False
            self._label = max((len(check.label) + 1 for check in snapshot.checks), default=self._label)
        self.put(snapshot.checks)

    def status(self) -> Line:
        """The verdict."""
        if not self.items or not self.verdict:
            return []
        bad = sum(check.status == "bad" for check in self.items)
        return [("ready", "good")] if not bad else [(f"{bad} to fix", "bad")]

    def row(self, item: Check, width: int) -> Line:
        """Tick, label, evidence."""
        glyph, name = check_sign(item.status, plain=self.ascii)
        line: Line = [(f"{glyph} ", name), (f"{item.label:<{self._label}}", "text")]
        if width < _ROOM_FOR_DETAIL:
            return [*line, (safe(item.evidence), "dim")]
        return [*line, (f"{safe(item.evidence, _EVIDENCE):<{_EVIDENCE}} ", "text"), (safe(item.detail), "dim")]


class Runs(ListPanel):
    """Every run of the project, newest first."""

    empty = "no runs yet: s starts one"
    selected: str | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look; where nobody is at the list, the cursor is on the run that is shown."""
        self.selected = snapshot.selected.id if snapshot.selected else None
        if snapshot.watching:
            self.empty = "no runs there yet"
        elif self.read_only:
            self.empty = "no runs yet"
        if not self.has_focus or not self.items:
            self.cursor = next((i for i, run in enumerate(snapshot.runs) if run.id == self.selected), self.cursor)
        self.put(snapshot.runs)

    def same(self, item: RunState) -> str:
        """A run is known by its id."""
        return item.id

    def status(self) -> Line:
        """How many, and how many of them live."""
        live = sum(run.state.active for run in self.items)
        if not self.items:
            return []
        more: Line = [(" ", ""), *self.beyond()] if self.beyond() else []
        return [*([(f"{live} live", "good"), (" of ", "dim")] * bool(live)), (count(len(self.items)), "dim"), *more]

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
        if width >= _ROOM_FOR_ALL:
            right = _in_full(item, name)
        if item.verdict and width >= _ROOM_FOR_VERDICT:
            style = "warn" if "⚠" in item.verdict or "✗" in item.verdict else "dim"
            judged: Line = [(f"{item.verdict}  ", style), *right]
            right = judged if line_width(left) + 1 + line_width(judged) <= width else right
        return between(left, right, width)


def _in_full(item: RunState, name: str) -> Line:
    """State, steps, time spent, the best value and where it was, in columns."""
    steps = f"{count(item.step)}/{count(item.steps_total)}" if item.steps_total else count(item.step)
    best = item.best
    told = f"best {safe(best.metric, 20)} {number(best.value)} @ {count(best.step)}" if best else ""
    return [
        (f"{item.state:<11}", name),
        (f"{steps:>17}", "text"),
        (f"{duration(item.active_seconds):>8}", "dim"),
        (f"  {told:<45}", "text"),
    ]


class Checkpoints(ListPanel):
    """The checkpoints of the selected run, newest first."""

    empty = "none saved yet"

    _unread = "not read yet"  # what is said of one that nobody has looked into
    _steps = 0  # digits of the longest
    _reports: Mapping[str, CheckpointReport] = MappingProxyType({})
    _now = 0.0

    def show(self, snapshot: Snapshot) -> None:
        """Take in a new look; what has been read through says what it is worth."""
        self._reports = {report.checkpoint.path: report for report in snapshot.checkpoints}
        self._now = snapshot.now
        if snapshot.watching:
            self.empty, self._unread = "none beside its records", "not read"
        told = snapshot.selected.checkpoints if snapshot.selected else ()
        known = {checkpoint.path for checkpoint in told}
        others = tuple(report.checkpoint for path, report in self._reports.items() if path not in known)
        self._steps = max((len(count(item.step)) for item in (*told, *others)), default=0)
        self.put((*told, *others))

    def same(self, item: Checkpoint) -> str:
        """A checkpoint is known by its path."""
        return item.path

    def report(self, item: Checkpoint) -> CheckpointReport | None:
        """What was found inside, once it has been read."""
        return self._reports.get(item.path)

    def row(self, item: Checkpoint, width: int) -> Line:
        """Whether it is whole, role, step, metric; on wide panels size, age and what a resume gives back."""
        report = self.report(item)
        role = safe(item.roles[0], 12) if item.roles else ""
        if report is not None and report.alias_of:
            role = "alias"
        sign = ("·", "faint") if report is None else check_sign(_worth(report), plain=self.ascii)
        left: Line = [
            (f"{sign[0]} ", sign[1]),
            (f"step {count(item.step):<{self._steps}} ", "text"),
            (f" {role}" if width >= 26 else "", "good" if role == "best" else "dim"),
        ]
        value = number(item.value) if item.value is not None and item.metric != "step" else ""
        old = short_age(self._now - item.time) if item.time is not None else ""
        if width < _ROOM_FOR_SIZE:
            if line_width(left) + 1 + len(old) > width:
                old = old.removesuffix(" ago")
            return between(left, [(value, "text")] if value else [(old, "dim")] * bool(old), width)
        right: Line = [(value, "text"), (f" {size(item.bytes):>9}", "dim")]
        if width < _ROOM_FOR_AGE:
            return between(left, right, width)
        right.append((f"  {old:<9}", "dim"))
        if width < _ROOM_FOR_ALL:
            told = report.guarantee if report is not None else self._unread
            return between(left, [*right, (f"  {safe(told, _GUARANTEE):<{_GUARANTEE}}", "dim")], width)
        worth = f"{report.guarantee}: {report.reason}" if report is not None else self._unread
        return between(left, [*right, (f"  {safe(worth, width - 56):<{width - 56}}", "dim")], width)


def _worth(report: CheckpointReport) -> str:
    from cockpit.domain.checkpoint import UNSAFE

    if report.guarantee == UNSAFE:
        return "bad"
    return "warn" if report.stale or report.checkpoint.finite is False else "ok"
