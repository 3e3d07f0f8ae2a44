"""The one screen: three columns where there is room, pages where there is not, one panel when zoomed."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from cockpit.tui.cells import CellPanel, Line
from cockpit.tui.lean import LeanCompositor
from cockpit.tui.messages import Snapshot
from cockpit.tui.panels.curves import LossChart, SecondChart, beside_loss
from cockpit.tui.panels.essentials import Essentials
from cockpit.tui.panels.footer import Footer
from cockpit.tui.panels.judgement import Criteria
from cockpit.tui.panels.lists import Checklist, Checkpoints, ListPanel, Runs
from cockpit.tui.panels.machine import Gpus, Host
from cockpit.tui.panels.status import StatusLine
from cockpit.tui.panels.training import Log, Progress

PAGES: dict[str, tuple[str, ...]] = {
    "training": ("loss", "second", "progress"),
    "runs": ("runs", "checkpoints"),
    "machine": ("gpus", "host"),
    "checks": ("checks", "criteria"),
    "log": ("log",),
}
_WIDE, _TALL = 110, 28  # from here on everything fits on one screen
_GPU_LEAST = _CHECKS_LEAST = _CRITERIA = 8  # rows
_BOTH = 32  # rows from which on checklist and criteria are both seen
_TINY_WIDTH, _TINY_HEIGHT = 44, 12  # below, only the essential lines


class Dashboard(Screen[None]):
    """Places the panels by hand: absolute regions need no layout pass when a digit changes."""

    DEFAULT_CSS = """
    Dashboard { background: #0c1014; layers: base; }
    Dashboard > CellPanel { position: absolute; }
    """
    AUTO_FOCUS = ""  # it would choose a panel that is not seen

    def __init__(self) -> None:
        super().__init__()
        self._compositor = LeanCompositor()
        self.status_line = StatusLine(id="status")
        self.loss = LossChart("loss", "the loss curve begins with the first step", id="loss")
        self.second = SecondChart("learning rate", "", id="second")
        self.runs = Runs("Runs", id="runs")
        self.checks = Checklist("Ready to train", id="checks")
        self.criteria = Criteria("Good training", id="criteria")
        self.checkpoints = Checkpoints("Checkpoints", id="checkpoints")
        self.log_panel = Log("log", id="log")
        self.panels: dict[str, CellPanel] = {
            "checks": self.checks,
            "criteria": self.criteria,
            "runs": self.runs,
            "checkpoints": self.checkpoints,
            "loss": self.loss,
            "second": self.second,
            "log": self.log_panel,
            "gpus": Gpus("GPU", id="gpus"),
            "host": Host("host", id="host"),
            "progress": Progress("progress", id="progress"),
        }
        self.footer = Footer(id="footer")
        self.page = "training"
        self.zoomed: str | None = None
        self._tiny = Essentials(id="tiny")
        self._gpu_rows, self._check_rows = _GPU_LEAST, _CHECKS_LEAST
        self._second = True  # whether the run on the screen has something to draw beside its loss
        self._watching = False  # nobody gives the logs of what others record
        self._judged = False  # whether the run on the screen has trained: the checklist can give way

    def compose(self) -> ComposeResult:
        """Every panel once; ``place`` says which are seen where."""
        yield self.status_line
        yield from self.panels.values()
        yield self._tiny
        yield self.footer

    def on_mount(self) -> None:
        """Every panel in its place before the first paint."""
        self.place()

    def on_resize(self, event: events.Resize) -> None:
        """Another size, another arrangement."""
        self.place(event.size.width, event.size.height)

    @property
    def paged(self) -> bool:
        """Whether the terminal is too small for everything at once."""
        return self.app.size.width < _WIDE or self.app.size.height < _TALL

    def show(self, snapshot: Snapshot) -> None:
        """Hand a look to every panel; hidden ones wait until they are seen."""
        self._make_room(snapshot)
        self.status_line.show(snapshot)
        self.footer.show(snapshot)
        self._tiny.show(snapshot)
        for panel in self.panels.values():
            if not panel.display:
                continue
            if isinstance(panel, (LossChart, SecondChart)):
                panel.show_run(snapshot)
            else:
                panel.show(snapshot)  # type: ignore[attr-defined]
        self._tell_footer()

    def on_descendant_focus(self) -> None:
        """Other keys are of use over another panel."""
        self._tell_footer()

    def _tell_footer(self) -> None:
        panel = self.focused
        item = panel.item if isinstance(panel, ListPanel) else None
        trash = panel is self.checkpoints or (panel is self.runs and item is not None and not item.state.active)
        name = (panel.id or "") if panel else ""
        self.footer.over(
            name, opens=item is not None, deletes=trash and item is not None, enlarged=self.zoomed is not None
        )

    def notice(self, line: Line | None) -> None:
        """A word for the person, wherever there is room, until the next one."""
        self.status_line.notice(line)
        self._tiny.notice(line)

    def _make_room(self, snapshot: Snapshot) -> None:
        """As many rows for checks and GPUs as they can use; the criteria for the checks where both do not fit."""
        report = snapshot.gpus
        each = 10 if report and len(report.gpus) == 1 else 3
        gpus = max(_GPU_LEAST, 2 + each * len(report.gpus)) if report else self._gpu_rows
        checks = max(_CHECKS_LEAST, 2 + len(snapshot.checks))
        judged = snapshot.selected is not None and bool(snapshot.selected.criteria)
        state = snapshot.selected
        second = state is None or state.step is None or beside_loss(state) is not None
        wanted = gpus, checks, judged, second, snapshot.watching
        if wanted != (self._gpu_rows, self._check_rows, self._judged, self._second, self._watching):
            self._gpu_rows, self._check_rows, self._judged, self._second, self._watching = wanted
            self.place()

    def place(self, width: int | None = None, height: int | None = None) -> None:
        """Give every panel its region, or none."""
        width, height = width or self.app.size.width, height or self.app.size.height
        regions = dict(self._regions(width, height))
        self.loss.listing = self.zoomed == "loss"
        self.footer.paged = width < _WIDE or height < _TALL
        self._tell_footer()
        for widget in (self.status_line, *self.panels.values(), self._tiny, self.footer):
            region = regions.get(widget.id or "")
            widget.display = region is not None
            if region is not None:
                x, y, w, h = region
                widget.styles.offset = (x, y)
                widget.styles.width, widget.styles.height = w, h
        self._keep_keys_in_sight()

    def _keep_keys_in_sight(self) -> None:
        """At the start, and when the panel that had the keys is gone, one gets them that is seen."""
        first = self.panels[PAGES[self.page][0] if self.paged else "runs"]
        if first.display and (self.focused is None or not self.focused.display):
            first.focus()

    def _regions(self, width: int, height: int) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
        if width < _TINY_WIDTH or height < _TINY_HEIGHT:
            yield "tiny", (0, 0, max(1, width), max(1, height))
            return
        top = 1 if width >= _WIDE else 2
        yield "status", (0, 0, width, top)
        yield "footer", (0, height - 1, width, 1)
        inside = height - top - 1
        if self.zoomed:
            yield self.zoomed, (0, top, width, inside)
        elif width < _WIDE or height < _TALL:
            yield from self._page(width, top, inside)
        else:
            yield from self._columns(width, top, inside)

    def _columns(self, width: int, top: int, inside: int) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
        left, right = min(36, width // 5 + 4), min(34, width // 5 + 1)
        middle = width - left - right
        points = min(10, max(5, (inside - _CHECKS_LEAST) // 4))
        below = top
        for name, rows in self._verdicts(inside):
            yield name, (0, below, left, rows)
            below += rows
        yield "runs", (0, below, left, top + inside - points - below)
        yield "checkpoints", (0, top + inside - points, left, points)
        second = max(6, inside // 5) if self._second else 0
        log = 0 if self._watching else max(5, inside // 5)
        yield "loss", (left, top, middle, inside - second - log)
        if second:
            yield "second", (left, top + inside - second - log, middle, second)
        if log:
            yield "log", (left, top + inside - log, middle, log)
        progress = 11
        gpus = min(self._gpu_rows, inside - progress - 6)
        yield "gpus", (left + middle, top, right, gpus)
        yield "host", (left + middle, top + gpus, right, inside - gpus - progress)
        yield "progress", (left + middle, top + inside - progress, right, progress)

    def _verdicts(self, inside: int) -> list[tuple[str, int]]:
        """Is the project ready, is the run good: the panels at the top left, with their rows."""
        checks = "checks", min(self._check_rows, inside // 3)
        criteria = "criteria", _CRITERIA
        if inside >= _BOTH:
            return [checks, criteria]
        return [criteria] if self._judged else [checks]

    def _page(self, width: int, top: int, inside: int) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
        names = PAGES[self.page]
        if self.page == "training" and width >= 70 and inside >= 10:
            side = 26
            second = inside // 3 if self._second else 0
            yield "loss", (0, top, width - side, inside - second)
            if second:
                yield "second", (0, top + inside - second, width - side, second)
            yield "progress", (width - side, top, side, inside)
            return
        if self.page == "training":
            yield "loss", (0, top, width, inside)
            return
        each = inside // len(names)
        for index, name in enumerate(names):
            last = index == len(names) - 1
            yield name, (0, top + index * each, width, inside - index * each if last else each)

    def turn_to(self, page: str) -> None:
        """Show a page; on a large terminal its first panel gets the keys."""
        self.page, self.zoomed = page, None
        self.place()
        self.panels[PAGES[page][0]].focus()

    def zoom(self, name: str | None) -> None:
        """One panel over all, or none."""
        self.zoomed = name
        self.place()
        if name:
            self.panels[name].focus()
