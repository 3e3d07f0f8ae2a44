"""A training under way gets other hyperparameters, or a note."""

from __future__ import annotations

from typing import Any

from cockpit.actions import modify
from cockpit.actions.control import answer_text, wait_for_answer
from cockpit.actions.notes import note
from cockpit.domain.guard import Question
from cockpit.domain.hyperparameters import Value
from cockpit.domain.marks import mark_text
from cockpit.domain.run import RunState
from cockpit.domain.text import count, safe
from cockpit.errors import CockpitError
from cockpit.runs.layout import RunPaths
from cockpit.tui.deeds.desk import Desk
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.edit import EditScreen
from cockpit.tui.screens.note import NoteScreen

_ANSWER_WITHIN = 30.0  # seconds; a checkpoint is saved first


class ChangingDeeds(Desk):
    """What is asked of a run that trains."""

    def modify(self) -> None:
        """Show what can be changed, then what the change would do."""
        run = self._run()
        if run is None:
            return

        def look() -> None:
            try:
                state = modify.present(run)
            except (CockpitError, OSError) as error:
                self._app.call_from_thread(self.fail, error)
                return
            self._app.call_from_thread(self._edit, run, state)

        self._app.run_worker(look, thread=True, group="deed")

    def _edit(self, run: RunPaths, state: RunState) -> None:
        def plan(values: dict[str, Value]) -> tuple[modify.ModifyPlan, Question]:
            planned = modify.plan_modify(run, values)
            return planned, planned.question

        def deed(planned: modify.ModifyPlan, permit: Any) -> str:
            request = modify.modify(planned, permit, self._guard)
            return f"changed {answer_text(wait_for_answer(run, request, _ANSWER_WITHIN))}"

        def edited(values: dict[str, Value] | None) -> None:
            if values:
                self._ask(lambda: plan(values), deed)

        title = f"Change {safe(state.name)} {state.short_id}"
        screen = EditScreen(title, modify.values_now(state), state.step or 0, state.epoch or 0)
        self._app.push_screen(screen, edited)

    def note(self) -> None:
        """Write a line that stays with the run."""
        run = self._run()
        state = self._app.snapshot.selected if self._app.snapshot else None
        if run is None or state is None:
            return

        def written(text: str | None) -> None:
            if text:
                self._do(lambda: f"noted at step {count(note(run, text))}")

        before = tuple(f"step {count(mark.step)}: {mark_text(mark)}" for mark in state.marks)
        title = f"Note on {safe(state.name)} {state.short_id}, step {count(state.step)}"
        self._app.push_screen(NoteScreen(title, before), written)

    def show_edits(self) -> None:
        """How the config file differs from what the run trains with."""
        lines = self._app.snapshot.config_changes if self._app.snapshot else ()
        if not lines:
            self._app.tell("no edit of its config file is known", "dim")
            return
        text = "\n".join(["```diff", *map(safe, lines), "```"])
        self._app.push_screen(DocumentScreen("config file", text, "This will not change the running experiment."))
