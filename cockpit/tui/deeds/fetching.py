"""Data come, and runs go on under which data grew."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from textual.worker import get_current_worker

from cockpit.actions.fetch import FetchPlan, fetch, plan_fetch, standings
from cockpit.actions.growth import go_on, go_on_question
from cockpit.domain.guard import Question
from cockpit.domain.text import safe, size
from cockpit.errors import CockpitError
from cockpit.fetching.errors import Interrupted
from cockpit.runs.layout import RunPaths
from cockpit.tui.deeds.desk import Desk
from cockpit.tui.screens.choose import Choice, ChooseScreen
from cockpit.tui.screens.progress import Download, ProgressScreen

if TYPE_CHECKING:
    from cockpit.fetching.download import Stride
    from cockpit.tui.acting import ActingApp

_TELL_EVERY = 0.5  # seconds


class FetchDeeds(Desk):
    """What is asked of data."""

    def __init__(self, app: ActingApp) -> None:
        super().__init__(app)
        self._download: Download | None = None

    def fetch(self) -> None:
        """Choose a source; or see the download that is under way."""
        if self._download is not None:
            self._app.push_screen(ProgressScreen(self._download))
            return
        try:
            found = standings(self._app.project)
        except CockpitError as error:
            self.fail(error)
            return
        if not found:
            self._app.tell("cockpit.toml declares no data: cockpit config --explain says how", "warn")
            return

        def chosen(name: str | None) -> None:
            if name is not None:
                self._fetch(name)

        here = "here and verified; cockpit fetch --again downloads it anew"
        choices = tuple(
            Choice(s.name, s.name, f"{safe(s.url)}: {s.detail}", here if s.state == "there" and s.verified else "")
            for s in found
        )
        self._app.push_screen(ChooseScreen("Download which data?", choices), chosen)

    def _fetch(self, name: str) -> None:
        def plan() -> tuple[FetchPlan, Question]:
            planned = plan_fetch(self._app.project, name)
            return planned, planned.question

        self._app.tell(f"asking for {name}…", "accent")
        self._ask(plan, self._bring)

    def _bring(self, planned: FetchPlan, permit: Any) -> str:
        download = self._download = Download(planned.name)
        worker, told = get_current_worker(), 0.0

        def tell(stride: Stride) -> None:
            nonlocal told
            if download.cancelled or worker.is_cancelled:  # the latter: somebody leaves the cockpit
                raise Interrupted("What came is kept; f goes on from there", "The download was stopped")
            download.stride = stride
            if time.monotonic() - told > _TELL_EVERY:
                told = time.monotonic()
                self._app.call_from_thread(self._note, download)

        self._app.call_from_thread(self._app.push_screen, ProgressScreen(download))
        try:
            standing = fetch(planned, permit, self._guard, tell)
        except Interrupted as error:
            if not download.cancelled:
                raise
            return error.message
        finally:
            download.over, self._download = True, None
            if not worker.is_cancelled:
                self._app.call_from_thread(self._note, None)
        return f"{planned.name} is here, {standing.detail}"

    def _note(self, download: Download | None) -> None:
        self._app.dashboard.notice([(safe(download.told), "accent"), (" ", "")] if download else None)

    def held(self) -> None:
        """What to do about a run under which data grew."""
        run = self._run()
        state = self._app.snapshot.selected if self._app.snapshot else None
        if run is None or state is None or state.growth is None:
            return

        def chosen(what: str | None) -> None:
            if what == "continue":
                self._ask(lambda: (run, go_on_question(run)), self._go_on)
            elif what == "stop":
                self._app.action_stop()

        choices = (
            Choice("continue", "let it go on", f"it may add {size(state.growth.more)} more; a question with the facts"),
            Choice("stop", "end it", "the ladder of stopping, with what each rung costs"),
        )
        title = f"{safe(state.name)} {state.short_id} is held"
        lead = f"{state.evidence}. It keeps its memory and takes no step until somebody says."
        self._app.push_screen(ChooseScreen(title, choices, lead, cancel_first=True), chosen)

    def _go_on(self, run: RunPaths, permit: Any) -> str:
        go_on(run, permit, self._guard)
        return f"{run.id} goes on"
