"""The application: it alone owns state. Workers look and act on threads and post messages; panels only render."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen

from cockpit.actions.permission import make_guard
from cockpit.domain.guard import Action, Answer, FactsChanged, Refused
from cockpit.domain.text import count, number, safe, size
from cockpit.errors import CockpitError
from cockpit.settings import SettingsError
from cockpit.tui.cells import CellPanel, Line
from cockpit.tui.chart import Chart
from cockpit.tui.dashboard import Dashboard
from cockpit.tui.feed import Feed
from cockpit.tui.keys import KEYS
from cockpit.tui.messages import Leave, Looked, Snapshot
from cockpit.tui.panels.lists import ListPanel
from cockpit.tui.screens.choose import Choice, ChooseScreen
from cockpit.tui.screens.confirm import ConfirmScreen
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.help import HelpScreen
from cockpit.tui.screens.message import MessageScreen

if TYPE_CHECKING:
    from cockpit.domain.checkpoint import CheckpointReport
    from cockpit.domain.guard import Question
    from cockpit.domain.run import Checkpoint
    from cockpit.project import Project
    from cockpit.runs.layout import RunPaths

_LOOK_EVERY, _LOOK_EVERY_IDLE = 0.5, 1.0  # seconds
_NOTICE = 6.0  # seconds a notice stays


class Done(Message):
    """A worker has a word for the person."""

    def __init__(self, text: str, style: str = "good") -> None:
        super().__init__()
        self.text, self.style = text, style


class CockpitApp(App[Leave]):
    """The cockpit of one project."""

    ENABLE_COMMAND_PALETTE = True
    BINDINGS = [Binding(k.key, k.action, k.label, show=False) for k in KEYS]  # noqa: RUF012 - Textual's own form
    TITLE = "cockpit"

    def __init__(
        self, project: Project, feed: Feed, *, ascii_only: bool = False, ask_to_start: str | None = None
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.project, self.feed = project, feed
        self.guard = make_guard(project, "tui")
        self.dashboard = Dashboard()
        self.snapshot: Snapshot | None = None
        self._ask_to_start = ask_to_start
        self._wake = False
        CellPanel.ascii = ascii_only
        if ascii_only:
            self.dashboard.loss.glyphs = self.dashboard.rate.glyphs = "ascii"

    def on_mount(self) -> None:
        """The frame first, then the first look."""
        self.push_screen(self.dashboard)
        self._look()
        if self._ask_to_start:
            self._plan_start(self._ask_to_start)

    # -- looking ------------------------------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="look")
    def _look(self) -> None:
        from textual.worker import get_current_worker

        worker = get_current_worker()
        told = ""
        while not worker.is_cancelled:
            try:
                snapshot = self.feed.poll()
            except SettingsError as error:  # until somebody corrects the file, nobody knows where the runs are
                if error.message != told:
                    self.call_from_thread(self._fail, error)
                told = error.message
                self._rest(_LOOK_EVERY_IDLE)
                continue
            told = ""
            self.post_message(Looked(snapshot))
            active = snapshot.selected is not None and snapshot.selected.state.active
            self._rest(_LOOK_EVERY if active or not snapshot.checks else _LOOK_EVERY_IDLE)

    def _rest(self, seconds: float) -> None:
        """Wait, but not after the person has chosen something else to look at."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._wake:
            time.sleep(0.1)
        self._wake = False

    def on_looked(self, message: Looked) -> None:
        """Show it."""
        self.snapshot = message.snapshot
        self.dashboard.show(message.snapshot)

    def on_done(self, message: Done) -> None:
        """Tell the person for a while."""
        self._notice([(safe(message.text, 160), message.style), (" ", "")])

    def _notice(self, line: Line) -> None:
        self.dashboard.status_line.notice(line)
        self.set_timer(_NOTICE, lambda: self.dashboard.status_line.notice(None))

    def _redraw(self) -> None:
        if self.snapshot is not None:
            self.dashboard.show(self.snapshot)

    def _selected(self) -> RunPaths | None:
        """The run on the screen."""
        from pathlib import Path

        from cockpit.runs.layout import RunPaths

        state = self.snapshot.selected if self.snapshot else None
        if state is None:
            self._notice([("there is no run yet: press s ", "warn")])
            return None
        return RunPaths(Path(state.path))

    # -- doing: every deed runs on a thread, and every error gets its screen ------------------------------

    def _deed(self, deed: Callable[[], str], again: Callable[[], None] | None = None) -> None:
        def attempt() -> None:
            try:
                self.post_message(Done(deed()))
            except Refused:
                self.post_message(Done("nothing was changed", "dim"))
            except FactsChanged:
                self.post_message(Done("the facts have changed: look again", "warn"))
                if again is not None:
                    again()
            except (CockpitError, OSError) as error:
                self.call_from_thread(self._fail, error)

        self.run_worker(attempt, thread=True, group="deed")

    def _fail(self, error: CockpitError | OSError) -> None:
        if isinstance(error, OSError):
            where = f"{error.filename}: " if error.filename else ""
            error = CockpitError(
                f"{where}{error.strerror}",
                "The file system refused",
                "Nothing was changed; see that the folder is there and can be written",
            )
        self.push_screen(MessageScreen(error))

    def _ask(self, plan: Callable[[], tuple[Any, Question]], deed: Callable[[Any, Any], str]) -> None:
        """Facts on a thread, the question on the screen, the deed on a thread again."""

        def attempt() -> None:
            try:
                planned, question = plan()
                self.guard.check(question)
            except (CockpitError, OSError) as error:
                self.call_from_thread(self._fail, error)
                return
            self.call_from_thread(self._question, planned, question, deed, lambda: self._ask(plan, deed))

        self.run_worker(attempt, thread=True, group="deed")

    def _question(
        self, planned: Any, question: Question, deed: Callable[[Any, Any], str], again: Callable[[], None]
    ) -> None:
        def answered(answer: Answer | None) -> None:
            self._deed(lambda: deed(planned, self.guard.permit(question, answer or Answer.no())), again)

        self.push_screen(ConfirmScreen(question), answered)

    def action_start(self) -> None:
        """Choose a config."""
        from cockpit.project import configs

        try:
            found = configs(self.project)
        except CockpitError as error:
            self._fail(error)
            return
        choices = tuple(
            Choice(str(c.path), c.name, _told(c.model, c.max_steps, c.max_epochs, c.shipped), c.error) for c in found
        )
        if not choices:
            self._notice([("there is no config in configs/ ", "warn")])
            return

        def chosen(path: str | None) -> None:
            if path:
                self._plan_start(path)

        self.push_screen(ChooseScreen("Start which config?", choices), chosen)

    def _plan_start(self, name: str) -> None:
        from cockpit.actions.start import StartPlan, find_config, plan_start, start

        def plan() -> tuple[StartPlan, Question]:
            planned = plan_start(self.project, find_config(self.project, name), test=bool(self._ask_to_start))
            return planned, planned.question

        def deed(planned: StartPlan, permit: Any) -> str:
            made = start(planned, permit, self.guard)
            self.feed.select(made.id)
            self._wake = True
            return f"{made.id} is training"

        self._ask(plan, deed)

    def action_stop(self) -> None:
        """The ladder, then the question."""
        from cockpit.actions.control import ladder, stop, stop_question

        run = self._selected()
        if run is None or self.snapshot is None or self.snapshot.selected is None:
            return
        state = self.snapshot.selected
        if not state.state.active:
            self._notice([(f"it is {state.state} already ", "warn")])
            return
        rungs = tuple(Choice(str(r.action), r.label, r.consequence, r.why_not) for r in ladder(state))

        def chosen(action: str | None) -> None:
            if action is None:
                return

            def deed(_: Any, permit: Any) -> str:
                request = stop(run, permit, self.guard)
                return "stop requested: it acts at the next step" if request else f"{action} sent"

            self._ask(lambda: (None, stop_question(run, Action(action))), deed)

        self.push_screen(ChooseScreen(f"Stop {safe(state.name)} {state.short_id}?", rungs, cancel_first=True), chosen)

    def action_checkpoint(self) -> None:
        """Save now."""
        self._request("checkpoint")

    def action_pause(self) -> None:
        """Hold, or go on."""
        paused = self.snapshot is not None and self.snapshot.selected and self.snapshot.selected.state == "paused"
        self._request("continue" if paused else "pause")

    def _request(self, verb: str) -> None:
        from cockpit.actions.control import answer_text, ask, wait_for_answer

        run = self._selected()
        if run is not None:
            self._notice([(f"{verb} asked for… ", "accent")])
            self._deed(lambda: f"{verb}: {answer_text(wait_for_answer(run, ask(run, verb), 20.0))}")

    def action_resume(self) -> None:
        """Go on from the checkpoint under the cursor, or the newest."""
        from cockpit.actions.resume import ResumePlan, plan_resume, resume

        run = self._selected()
        if run is None:
            return
        panel = self.focused
        chosen = panel.item.path if isinstance(panel, ListPanel) and panel.id == "checkpoints" and panel.item else None

        def plan() -> tuple[ResumePlan, Question]:
            planned = plan_resume(run, chosen)
            return planned, planned.question

        def deed(planned: ResumePlan, permit: Any) -> str:
            resume(planned, permit, self.guard)
            return f"{run.id} goes on"

        self._ask(plan, deed)

    def action_handoff(self) -> None:
        """Write it and show it."""
        run = self._selected()
        if run is None:
            return

        def deed() -> str:
            from cockpit.runs.documents import write_handoff

            handoff = write_handoff(run)
            screen = DocumentScreen(
                "handoff", handoff.markdown, f"written to {handoff.markdown_path}", handoff.markdown
            )
            self.call_from_thread(self.push_screen, screen)
            return "handoff written"

        self._deed(deed)

    # -- moving about -------------------------------------------------------------------------------------

    def action_zoom(self) -> None:
        """Choose the item under the cursor, or enlarge the panel."""
        panel = self.focused
        if isinstance(panel, ListPanel) and panel.item is not None and self.screen is self.dashboard:
            self.on_list_panel_chosen(ListPanel.Chosen(panel, panel.item))
        elif isinstance(panel, CellPanel) and panel.id in self.dashboard.panels:
            self.dashboard.zoom(None if self.dashboard.zoomed else panel.id)
            self._redraw()

    def on_list_panel_chosen(self, message: ListPanel.Chosen) -> None:
        """A run is shown; a check gives its remedy; a checkpoint says where it is."""
        panel, item = message.panel, message.item
        if panel.id == "runs":
            self.feed.select(item.id)
            self._wake = True
        elif panel.id == "checks":
            remedy = f"\n\n```bash\n{item.remedy}\n```" if item.remedy else ""
            self.push_screen(DocumentScreen(item.label, item.detail + remedy, copy=item.remedy))
        elif panel.id == "checkpoints":
            self.push_screen(
                DocumentScreen("checkpoint", _about(item, self.dashboard.checkpoints.report(item)), copy=item.path)
            )

    def action_unzoom(self) -> None:
        """From the zoom to everything."""
        self.dashboard.zoom(None)
        self._redraw()

    def action_page(self, name: str) -> None:
        """A page, on small terminals; a panel's focus on large ones."""
        self.dashboard.turn_to(name)
        self._redraw()

    def _charts(self) -> tuple[Chart, ...]:
        focused = self.focused
        return (focused,) if isinstance(focused, Chart) else (self.dashboard.loss, self.dashboard.rate)

    def action_log_scale(self) -> None:
        """On the focused chart, else on the loss."""
        self._charts()[0].toggle_log()

    def action_smoothing(self) -> None:
        """Smoothed or raw."""
        self.dashboard.loss.toggle_smoothing()

    def action_zoom_in(self) -> None:
        """Fewer steps."""
        for chart in self._charts():
            chart.zoom(1)

    def action_zoom_out(self) -> None:
        """More steps."""
        for chart in self._charts():
            chart.zoom(-1)

    def action_pan_left(self) -> None:
        """Earlier steps."""
        for chart in self._charts():
            chart.pan(-1)

    def action_pan_right(self) -> None:
        """Later steps."""
        for chart in self._charts():
            chart.pan(1)

    def action_help(self) -> None:
        """All keys and signs."""
        self.push_screen(HelpScreen())

    def action_leave(self) -> None:
        """Close; training goes on."""
        state = self.snapshot.selected if self.snapshot else None
        self.exit(Leave(state.id if state is not None and state.state.active else None))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette has every key's action and nothing else."""
        for key in KEYS:
            if "(" not in key.action:
                yield SystemCommand(
                    key.label,
                    f"{key.help}  [{key.shown}]".replace("[", "(").replace("]", ")"),
                    getattr(self, f"action_{key.action}"),
                )


def _about(checkpoint: Checkpoint, report: CheckpointReport | None) -> str:
    lines = [checkpoint.path, "", f"- **step**: {count(checkpoint.step)}", f"- **size**: {size(checkpoint.bytes)}"]
    if checkpoint.value is not None:
        lines.append(f"- **{safe(checkpoint.metric or 'metric')}**: {number(checkpoint.value)}")
    if report is not None:
        lines.append(f"- **verified**: {'every checksum is right' if report.verified else report.reason}")
        lines.append(f"- **a resume is**: {report.guarantee}: {report.reason}")
        lines += [f"- **is the same as**: {report.alias_of}"] if report.alias_of else []
        lines += [f"- **would run**: {name}" for name in report.inspection.foreign]
    return "\n".join([*lines, "", "`r` with the cursor on it resumes from it."])


def _told(model: str, steps: int | None, epochs: int | None, shipped: bool) -> str:
    length = f"{steps:,} steps" if steps else f"{epochs} epochs" if epochs else "no end set"
    return f"{model.rpartition('.')[2] or 'model not named'}, {length}{', shipped with cockpit' if shipped else ''}"
