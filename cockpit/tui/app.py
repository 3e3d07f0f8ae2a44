"""The application: it alone owns state. Workers look and act on threads and post messages; panels only render."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from cockpit.domain.text import safe
from cockpit.errors import SettingsError
from cockpit.tui.cells import CellPanel
from cockpit.tui.chart import Chart
from cockpit.tui.dashboard import Dashboard
from cockpit.tui.feed import Feed
from cockpit.tui.heap import keep_it_small
from cockpit.tui.keys import KEYS, keys
from cockpit.tui.messages import Done, Leave, Looked, Snapshot
from cockpit.tui.panels.lists import ListPanel

if TYPE_CHECKING:
    from cockpit.project import Project
    from cockpit.tui.deeds import Deeds

_LOOK_EVERY, _LOOK_EVERY_IDLE = 0.5, 1.0  # seconds
_NOTICE = 6.0  # seconds a notice stays


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
        self.dashboard = Dashboard()
        self.snapshot: Snapshot | None = None
        self.dashboard.footer.read_only = self.dashboard.status_line.read_only = project.read_only
        self._ask_to_start = ask_to_start
        self._wake = False
        CellPanel.ascii = ascii_only
        if ascii_only:
            self.dashboard.loss.glyphs = self.dashboard.rate.glyphs = "ascii"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does anything: none that acts, in a cockpit that only looks."""
        return not (self.project.read_only and any(key.acts and key.action == action for key in KEYS))

    def on_mount(self) -> None:
        """The frame first, then the first look: its thread would hold up the painting."""
        self.push_screen(self.dashboard)
        self.dashboard.call_after_refresh(self._begin)

    def _begin(self) -> None:
        keep_it_small()
        self._look()
        if self._ask_to_start:
            self.deeds.start_config(self._ask_to_start, test=True)

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
                    self.call_from_thread(self.deeds.fail, error)
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
        """A deed is done."""
        self.tell(message.text, message.style)

    def tell(self, text: str, style: str) -> None:
        """Tell the person for a while."""
        self.dashboard.status_line.notice([(safe(text, 160), style), (" ", "")])
        self.set_timer(_NOTICE, lambda: self.dashboard.status_line.notice(None))

    def _redraw(self) -> None:
        if self.snapshot is not None:
            self.dashboard.show(self.snapshot)

    # -- doing --------------------------------------------------------------------------------------------

    @cached_property
    def deeds(self) -> Deeds:
        """Whoever carries out what is asked."""
        from cockpit.tui.deeds import Deeds

        return Deeds(self)

    def show_run(self, run_id: str) -> None:
        """Look at this run, now."""
        self.feed.select(run_id)
        self._wake = True

    def action_start(self) -> None:
        """Choose a config."""
        self.deeds.start()

    def action_stop(self) -> None:
        """Choose how hard."""
        self.deeds.stop()

    def action_checkpoint(self) -> None:
        """Save now."""
        self.deeds.checkpoint()

    def action_pause(self) -> None:
        """Hold, or go on."""
        self.deeds.pause()

    def action_resume(self) -> None:
        """Go on from the checkpoint under the cursor, or the newest."""
        panel = self.focused
        chosen = isinstance(panel, ListPanel) and panel.id == "checkpoints" and panel.item
        self.deeds.resume(chosen.path if chosen else None)

    def action_delete(self) -> None:
        """Put the checkpoint or the run under the cursor into the trash."""
        panel = self.focused
        if isinstance(panel, ListPanel) and panel.item is not None and panel.id in ("checkpoints", "runs"):
            self.deeds.delete(panel.item.path, checkpoint=panel.id == "checkpoints")
        else:
            self.tell("put the cursor on a checkpoint or a run first (tab)", "warn")

    def action_undo(self) -> None:
        """Take the newest thing out of the trash."""
        self.deeds.undo()

    def action_handoff(self) -> None:
        """Write it and show it."""
        self.deeds.handoff()

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
            self.show_run(item.id)
        elif panel.id == "checks":
            self.deeds.show_check(item)
        elif panel.id == "checkpoints":
            self.deeds.show_checkpoint(item, self.dashboard.checkpoints.report(item))

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
        from cockpit.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(read_only=self.project.read_only))

    def action_leave(self) -> None:
        """Close; training goes on."""
        state = self.snapshot.selected if self.snapshot else None
        self.exit(Leave(state.id if state is not None and state.state.active else None))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette has every key's action and nothing else."""
        for key in keys(read_only=self.project.read_only):
            if "(" not in key.action:
                yield SystemCommand(
                    key.label,
                    f"{key.help}  [{key.shown}]".replace("[", "(").replace("]", ")"),
                    getattr(self, f"action_{key.action}"),
                )
