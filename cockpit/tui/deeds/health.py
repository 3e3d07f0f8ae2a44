"""What is asked about the health of a run."""

from __future__ import annotations

from typing import Any

from cockpit.actions.replay import ReplayPlan, plan_replay, replay
from cockpit.actions.stacks import dump_stacks
from cockpit.actions.weights import weigh
from cockpit.domain.guard import Question
from cockpit.domain.text import safe
from cockpit.tui.deeds.desk import ANSWER_WITHIN, Desk
from cockpit.tui.panels.judgement import judgement
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.weights import WeightsScreen


class HealthDeeds(Desk):
    """What is asked of a run that may be in trouble."""

    def show_judgement(self) -> None:
        """What the criteria rest on."""
        state = self._app.snapshot.selected if self._app.snapshot else None
        if state is not None and state.criteria:
            text = judgement(state)
            self._app.push_screen(
                DocumentScreen(f"Good training? {safe(state.name)} {state.short_id}", text, copy=text)
            )

    def stacks(self) -> None:
        """Every Python stack, into the log and onto the screen."""
        run = self._run()
        if run is None:
            return

        def deed() -> str:
            found = dump_stacks(run)
            screen = DocumentScreen("stacks", f"```text\n{found.text}\n```", f"written to {run.output}", found.text)
            self._app.call_from_thread(self._app.push_screen, screen)
            return "stacks written into the log"

        self._do(deed)

    def weights(self) -> None:
        """How far the next step moves each layer, from the trainer."""
        run = self._run()
        if run is None:
            return
        self._app.tell("weights asked for: the next step is measured, with a copy of at most 128 MiB…", "accent")

        def deed() -> str:
            weighed = weigh(run, ANSWER_WITHIN)
            screen = WeightsScreen(f"weights {run.id}, step {weighed.step:,}", weighed)
            self._app.call_from_thread(self._app.push_screen, screen)
            return "weights measured"

        self._do(deed)

    def replay(self) -> None:
        """From before the first NaN, with anomaly detection."""
        run = self._run()
        if run is None:
            return

        def plan() -> tuple[ReplayPlan, Question]:
            planned = plan_replay(run)
            return planned, planned.question

        def deed(planned: ReplayPlan, permit: Any) -> str:
            replay(planned, permit, self._guard)
            return f"{run.id} is replayed from {planned.base.report.checkpoint.name}"

        self._ask(plan, deed)
