"""What the keys set going: the facts on a thread, the question on the screen, the deed on a thread again.

Loaded at the first deed, so that the first frame does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.actions.control import answer_text, ask, ladder, stop, stop_question, wait_for_answer
from cockpit.actions.delete import DeletePlan, delete, plan_delete
from cockpit.actions.permission import make_guard
from cockpit.actions.resume import ResumePlan, plan_resume, resume
from cockpit.actions.start import StartPlan, find_config, plan_start, start
from cockpit.domain.guard import Answer, FactsChanged, Question, Refused
from cockpit.domain.policy import Action
from cockpit.domain.text import count, number, safe, size
from cockpit.errors import CockpitError
from cockpit.project import ConfigFile, configs
from cockpit.runs.documents import write_handoff
from cockpit.runs.layout import RunPaths
from cockpit.runs.trash import Trash
from cockpit.tui.messages import Done
from cockpit.tui.screens.choose import Choice, ChooseScreen
from cockpit.tui.screens.confirm import ConfirmScreen
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.message import MessageScreen

if TYPE_CHECKING:
    from cockpit.domain.checkpoint import CheckpointReport
    from cockpit.domain.run import Checkpoint
    from cockpit.tui.app import CockpitApp

_ANSWER_WITHIN = 20.0  # seconds until a training that has not answered is said to be silent


class Deeds:
    """Carries out what a person asks of ``app``, and shows every error on a screen of its own."""

    def __init__(self, app: CockpitApp) -> None:
        self._app = app
        self._guard = make_guard(app.project, "tui")

    # -- how: every deed runs on a thread -----------------------------------------------------------------

    def _do(self, deed: Callable[[], str], again: Callable[[], None] | None = None) -> None:
        def attempt() -> None:
            try:
                self._app.post_message(Done(deed()))
            except Refused:
                self._app.post_message(Done("nothing was changed", "dim"))
            except FactsChanged:
                self._app.post_message(Done("the facts have changed: look again", "warn"))
                if again is not None:
                    again()
            except (CockpitError, OSError) as error:
                self._app.call_from_thread(self.fail, error)

        self._app.run_worker(attempt, thread=True, group="deed")

    def _ask(self, plan: Callable[[], tuple[Any, Question]], deed: Callable[[Any, Any], str]) -> None:
        def attempt() -> None:
            try:
                planned, question = plan()
                self._guard.check(question)
            except (CockpitError, OSError) as error:
                self._app.call_from_thread(self.fail, error)
                return
            self._app.call_from_thread(self._question, planned, question, deed, lambda: self._ask(plan, deed))

        self._app.run_worker(attempt, thread=True, group="deed")

    def _question(
        self, planned: Any, question: Question, deed: Callable[[Any, Any], str], again: Callable[[], None]
    ) -> None:
        def answered(answer: Answer | None) -> None:
            self._do(lambda: deed(planned, self._guard.permit(question, answer or Answer.no())), again)

        self._app.push_screen(ConfirmScreen(question), answered)

    def fail(self, error: CockpitError | OSError) -> None:
        """Show what went wrong and what to do."""
        if isinstance(error, OSError):
            where = f"{error.filename}: " if error.filename else ""
            error = CockpitError(
                f"{where}{error.strerror}",
                "The file system refused",
                "Nothing was changed; see that the folder is there and can be written",
            )
        self._app.push_screen(MessageScreen(error))

    def _run(self) -> RunPaths | None:
        """The run on the screen."""
        state = self._app.snapshot.selected if self._app.snapshot else None
        if state is None:
            self._app.tell("there is no run yet: press s", "warn")
            return None
        return RunPaths(Path(state.path))

    # -- what ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Choose a config."""
        try:
            found = configs(self._app.project)
        except CockpitError as error:
            self.fail(error)
            return
        if not found:
            self._app.tell("there is no config in configs/", "warn")
            return

        def chosen(path: str | None) -> None:
            if path:
                self.start_config(path)

        choices = tuple(Choice(str(c.path), c.name, _told(c), c.error) for c in found)
        self._app.push_screen(ChooseScreen("Start which config?", choices), chosen)

    def start_config(self, name: str, *, test: bool = False) -> None:
        """Show what starting this config would cost."""

        def plan() -> tuple[StartPlan, Question]:
            planned = plan_start(self._app.project, find_config(self._app.project, name), test=test)
            return planned, planned.question

        def deed(planned: StartPlan, permit: Any) -> str:
            made = start(planned, permit, self._guard)
            self._app.show_run(made.id)
            return f"{made.id} is training"

        self._ask(plan, deed)

    def stop(self) -> None:
        """The ladder, then the question."""
        run = self._run()
        if run is None or self._app.snapshot is None or self._app.snapshot.selected is None:
            return
        state = self._app.snapshot.selected
        if not state.state.active:
            self._app.tell(f"it is {state.state} already", "warn")
            return

        def chosen(action: str | None) -> None:
            if action is None:
                return

            def deed(_: Any, permit: Any) -> str:
                request = stop(run, permit, self._guard)
                return "stop requested: it acts at the next step" if request else f"{action} sent"

            self._ask(lambda: (None, stop_question(run, Action(action))), deed)

        rungs = tuple(Choice(str(r.action), r.label, r.consequence, r.why_not) for r in ladder(state))
        title = f"Stop {safe(state.name)} {state.short_id}?"
        self._app.push_screen(ChooseScreen(title, rungs, cancel_first=True), chosen)

    def checkpoint(self) -> None:
        """Save now."""
        self._request("checkpoint")

    def pause(self) -> None:
        """Hold, or go on."""
        state = self._app.snapshot.selected if self._app.snapshot else None
        self._request("continue" if state is not None and state.state == "paused" else "pause")

    def _request(self, verb: str) -> None:
        run = self._run()
        if run is not None:
            self._app.tell(f"{verb} asked for…", "accent")
            self._do(lambda: f"{verb}: {answer_text(wait_for_answer(run, ask(run, verb), _ANSWER_WITHIN))}")

    def resume(self, checkpoint: str | None) -> None:
        """Go on from this checkpoint, or the newest that is finite."""
        run = self._run()
        if run is None:
            return

        def plan() -> tuple[ResumePlan, Question]:
            planned = plan_resume(run, checkpoint)
            return planned, planned.question

        def deed(planned: ResumePlan, permit: Any) -> str:
            resume(planned, permit, self._guard)
            return f"{run.id} goes on"

        self._ask(plan, deed)

    def delete(self, path: str, *, checkpoint: bool) -> None:
        """Show what would be lost; then into the trash."""
        run = self._run() if checkpoint else RunPaths(Path(path))
        if run is None:
            return

        def plan() -> tuple[DeletePlan, Question]:
            planned = plan_delete(run, [path] if checkpoint else [])
            return planned, planned.question

        def deed(planned: DeletePlan, permit: Any) -> str:
            moved = delete(planned, permit, self._guard)
            return f"{moved[0].name} is in the trash: u brings it back"

        self._ask(plan, deed)

    def undo(self) -> None:
        """Bring back what was deleted last."""

        def deed() -> str:
            trash = Trash(self._app.project.runs_folder)
            newest = next(iter(trash.items()), None)
            return f"{trash.restore(newest).name} is back" if newest else "the trash is empty"

        self._do(deed)

    def handoff(self) -> None:
        """Write it and show it."""
        run = self._run()
        if run is None:
            return

        def deed() -> str:
            handoff = write_handoff(run)
            screen = DocumentScreen(
                "handoff", handoff.markdown, f"written to {handoff.markdown_path}", handoff.markdown
            )
            self._app.call_from_thread(self._app.push_screen, screen)
            return "handoff written"

        self._do(deed)

    def show_check(self, check: Any) -> None:
        """What was found, and its remedy, ready to copy."""
        remedy = f"\n\n```bash\n{check.remedy}\n```" if check.remedy else ""
        self._app.push_screen(DocumentScreen(check.label, check.detail + remedy, copy=check.remedy))

    def show_checkpoint(self, checkpoint: Checkpoint, report: CheckpointReport | None) -> None:
        """Where it is and what it is worth."""
        self._app.push_screen(DocumentScreen("checkpoint", _about(checkpoint, report), copy=checkpoint.path))


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


def _told(config: ConfigFile) -> str:
    length = (
        f"{config.max_steps:,} steps" if config.max_steps
        else f"{config.max_epochs} epochs" if config.max_epochs
        else "no end set"
    )  # fmt: skip
    shipped = ", shipped with cockpit" if config.shipped else ""
    return f"{config.model.rpartition('.')[2] or 'model not named'}, {length}{shipped}"
