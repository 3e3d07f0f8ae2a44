"""The application: it alone owns state. Workers look and act on threads and post messages; panels only render."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import work
from textual.app import SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from cockpit.domain.state import State
from cockpit.domain.text import safe
from cockpit.errors import SettingsError
from cockpit.tui.acting import ActingApp
from cockpit.tui.alarm import Alarm, ring
from cockpit.tui.cells import CellPanel
from cockpit.tui.chart import Chart
from cockpit.tui.feed import Feed
from cockpit.tui.heap import keep_it_small
from cockpit.tui.keys import KEYS, keys
from cockpit.tui.messages import Done, Leave, Looked
from cockpit.tui.panels.lists import ListPanel

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.worker import Worker

    from cockpit.project import Project

_LONGEST = 500  # characters of a line
_LOOK_EVERY, _LOOK_EVERY_IDLE = 0.5, 1.0  # seconds


class CockpitApp(ActingApp):
    """The cockpit of one project."""

    ENABLE_COMMAND_PALETTE = True
    BINDINGS = [  # noqa: RUF012 - Textual's own form
        *(Binding(k.key, k.action, k.label, show=False) for k in KEYS),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
    ]
    ALLOW_SELECT = False  # of a panel that draws its own cells Textual would copy the name
    TITLE = "cockpit"

    def __init__(
        self, project: Project, feed: Feed, *, ascii_only: bool = False, ask_to_start: str | None = None
    ) -> None:
        super().__init__(project, feed)
        self.animation_level = "none"
        self._ask_to_start = ask_to_start
        self._alarm = Alarm()
        CellPanel.ascii, CellPanel.read_only = ascii_only, project.read_only
        if ascii_only:
            self.dashboard.loss.glyphs = self.dashboard.second.glyphs = "ascii"

    def _fatal_error(self) -> None:
        """Say how it crashed; Textual would show local variables too, which may hold keys."""
        from cockpit.domain.secrets import redactor

        told = redactor(os.environ)(traceback.format_exc())
        self._exit_renderables.append(Text("\n".join(safe(line, _LONGEST) for line in told.splitlines()) + "\n"))
        self._close_messages_no_wait()

    def get_driver_class(self) -> type[Driver]:
        """What Textual would take, but for where it writes."""
        from textual.drivers.linux_driver import LinuxDriver

        from cockpit.tui.driver import OutputDriver

        found = super().get_driver_class()
        return OutputDriver if found is LinuxDriver else found

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
            except (SettingsError, OSError) as error:  # until they can be read, nobody knows which runs there are
                if str(error) != told:
                    self.call_from_thread(self.deeds.fail, error)
                told = str(error)
                self._rest(_LOOK_EVERY_IDLE, worker)
                continue
            told = ""
            self.post_message(Looked(snapshot))
            active = snapshot.selected is not None and snapshot.selected.state.active
            self._rest(_LOOK_EVERY if active or not snapshot.checks else _LOOK_EVERY_IDLE, worker)

    def _rest(self, seconds: float, worker: Worker[Any]) -> None:
        """Wait, but not after the person has chosen something else to look at, or leaves."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._wake and not worker.is_cancelled:
            time.sleep(0.1)
        self._wake = False

    def on_looked(self, message: Looked) -> None:
        """Show it."""
        before, state = self.snapshot.selected if self.snapshot else None, message.snapshot.selected
        if before is not None and state is not None and before.state.active and not state.state.active:
            self.hush()  # what was told of a live run
        edited = message.snapshot.config_changes
        if edited and (self.snapshot is None or self.snapshot.config_changes != edited):
            self.tell("config file edited: this will not change the running experiment (v)", "warn")
        self.snapshot = message.snapshot
        self.dashboard.show(message.snapshot)
        for alert in self._alarm.new(state) if state is not None else ():
            self.tell(alert.title, "accent" if state is not None and state.state is State.FINISHED else "bad")
            ring(self, self.project.settings.alerts.terminal, alert.title)
        self.ask_about_growth(message.snapshot.selected)

    def on_done(self, message: Done) -> None:
        """A deed is done."""
        self.tell(message.text, message.style)

    def _redraw(self) -> None:
        if self.snapshot is not None:
            self.dashboard.show(self.snapshot)

    # -- moving about -------------------------------------------------------------------------------------

    def action_zoom(self) -> None:
        """Choose the item under the cursor, or enlarge the panel."""
        panel = self.focused
        if isinstance(panel, ListPanel) and panel.item is not None and self.screen is self.dashboard:
            self.on_list_panel_chosen(ListPanel.Chosen(panel, panel.item))
        else:
            self.action_enlarge()

    def action_enlarge(self) -> None:
        """One panel over all, or everything again."""
        panel = self.focused
        if isinstance(panel, CellPanel) and panel.id in self.dashboard.panels:
            self.dashboard.zoom(None if self.dashboard.zoomed else panel.id)
            self._redraw()

    def on_list_panel_chosen(self, message: ListPanel.Chosen) -> None:
        """A run is shown; a check gives its remedy, a criterion its evidence; a checkpoint says where it is."""
        panel, item = message.panel, message.item
        if panel.id == "runs":
            self.show_run(item.id)
        elif panel.id == "checks":
            self.deeds.show_check(item)
        elif panel.id == "criteria":
            self.deeds.show_judgement()
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
        return (focused,) if isinstance(focused, Chart) else (self.dashboard.loss, self.dashboard.second)

    def action_log_scale(self) -> None:
        """On the focused chart, else on the loss."""
        self._charts()[0].toggle_log()

    def action_smoothing(self) -> None:
        """Smoothed or raw."""
        self.dashboard.loss.toggle_smoothing()

    def action_metric(self) -> None:
        """Choose what the main chart shows."""
        from cockpit.tui.panels.curves import LOSSES
        from cockpit.tui.screens.choose import ChooseScreen
        from cockpit.tui.screens.metrics import metric_choices

        state = self.snapshot.selected if self.snapshot else None
        if state is None or not state.series:
            self.tell("there is no curve yet", "warn")
            return

        def chosen(tag: str | None) -> None:
            if tag is not None:
                self.dashboard.loss.metric = None if tag == LOSSES else tag
                self._redraw()

        self.push_screen(ChooseScreen("Main chart", metric_choices(state, plain=CellPanel.ascii)), chosen)

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

    def action_edits(self) -> None:
        """How the config file differs from what the run trains with."""
        self.deeds.show_edits()

    def action_help(self) -> None:
        """All keys and signs."""
        from cockpit.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(read_only=self.project.read_only))

    def action_leave(self) -> None:
        """Close; training goes on."""
        state = self.snapshot.selected if self.snapshot else None
        self.exit(Leave(state.id if state is not None and state.state.active else None))

    async def action_quit(self) -> None:
        """Textual's own ctrl+q: no other way out than q."""
        self.action_leave()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette has every key's action and nothing else."""
        for key in keys(read_only=self.project.read_only):
            if "(" not in key.action:
                yield SystemCommand(
                    key.label,
                    f"{key.help}  ({key.shown})",
                    getattr(self, f"action_{key.action}"),
                )
