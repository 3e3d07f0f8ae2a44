"""The keys that act: each hands over to the deeds."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from textual import events
from textual.actions import SkipAction
from textual.app import App
from textual.timer import Timer

from cockpit.domain.text import safe
from cockpit.tui.dashboard import Dashboard
from cockpit.tui.messages import Leave, Snapshot
from cockpit.tui.panels.lists import ListPanel

if TYPE_CHECKING:
    from cockpit.domain.run import RunState
    from cockpit.project import Project
    from cockpit.tui.deeds import Deeds
    from cockpit.tui.feed import Feed

_NOTICE = 6.0  # seconds a notice stays
_LEAVE = "q leaves, training goes on"


class ActingApp(App[Leave]):
    """What a cockpit can do; what it shows is :class:`cockpit.tui.app.CockpitApp`'s."""

    def __init__(self, project: Project, feed: Feed) -> None:
        super().__init__()
        self.project, self.feed = project, feed
        self.dashboard = Dashboard()
        self.snapshot: Snapshot | None = None
        self._wake = False
        self._told: Timer | None = None  # until what was told is taken away
        self._interrupted = False  # by ctrl+c, just now: what is told ends in how one leaves
        self._asked: set[tuple[str, float]] = set()  # what a run was held for, once the person was asked about it

    def tell(self, text: str, style: str) -> None:
        """Tell the person for a while."""
        if self._told is not None:
            self._told.stop()
        more = [("; ", "dim"), (_LEAVE, "accent")] if self._interrupted else []
        self.dashboard.notice([(safe(text, 160), style), *more, (" ", "")])
        self._told = self.set_timer(_NOTICE, self.hush)

    def hush(self) -> None:
        """What was told last is over, or no longer so."""
        if self._told is not None:
            self._told.stop()
        self._interrupted = False
        self.dashboard.notice(None)

    def action_interrupt(self) -> None:
        """Ctrl+C ends nothing: it is esc over the dashboard, and how one leaves is told."""
        from textual.widgets import Input

        if isinstance(self.focused, Input) and self.focused.selected_text:
            raise SkipAction  # the field copies it
        over = self.screen is not self.dashboard
        if over:
            # at once, not by simulate_key: a key typed ahead must not be answered before it
            (self.focused or self.screen)._forward_event(events.Key("escape", None))
        self._interrupted = True
        self.tell("ctrl+c is esc here" if over else "ctrl+c ends nothing", "warn")

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
        state = self.snapshot.selected if self.snapshot else None
        if state is not None and state.growth is not None:
            self.deeds.held()
        else:
            self.deeds.pause()

    def action_fetch(self) -> None:
        """Choose a data source, or see how far a download is."""
        self.deeds.fetch()

    def ask_about_growth(self, state: RunState | None) -> None:
        """Ask, once, what to do about a run that is held because data grew; not over another question."""
        if state is None or state.growth is None or self.project.read_only or self.screen is not self.dashboard:
            return
        reason = (state.id, state.growth.time)
        if reason not in self._asked:
            self._asked.add(reason)
            self.deeds.held()

    def action_modify(self) -> None:
        """Other hyperparameters from the next step on."""
        self.deeds.modify()

    def action_note(self) -> None:
        """A line that stays with the run."""
        self.deeds.note()

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

    def action_share(self) -> None:
        """Take the weights out of the checkpoint under the cursor."""
        panel = self.focused
        if isinstance(panel, ListPanel) and panel.item is not None and panel.id == "checkpoints":
            self.deeds.share(panel.item.path)
        else:
            self.tell("put the cursor on a checkpoint first (tab)", "warn")

    def action_keys(self) -> None:
        """What keys are called, and letting one through."""
        self.deeds.keys()

    def action_audit(self) -> None:
        """Who allowed what."""
        self.deeds.audit()

    def action_undo(self) -> None:
        """Take the newest thing out of the trash."""
        self.deeds.undo()

    def action_stacks(self) -> None:
        """Where every thread of the trainer is."""
        self.deeds.stacks()

    def action_weights(self) -> None:
        """How far the next step moves each layer."""
        self.deeds.weights()

    def action_replay(self) -> None:
        """From before the first NaN, with anomaly detection."""
        self.deeds.replay()

    def action_handoff(self) -> None:
        """Write it and show it."""
        self.deeds.handoff()
