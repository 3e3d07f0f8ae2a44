"""Runs begin, go on and end."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cockpit.actions.control import answer_text, ask, ladder, stop, stop_question, wait_for_answer
from cockpit.actions.resume import plan_resume, resume
from cockpit.actions.script import ScriptPlan, arguments_before, plan_script, run_script
from cockpit.actions.start import StartPlan, find_config, plan_start, start
from cockpit.domain.guard import Guard, Permit, Question
from cockpit.domain.policy import Action
from cockpit.domain.text import counted, safe, shell_line
from cockpit.errors import CockpitError
from cockpit.project.config_files import ConfigFile, configs
from cockpit.project.inputs import absent
from cockpit.project.scripts import ScriptFile, scripts
from cockpit.runs.layout import RunPaths
from cockpit.tui.deeds.desk import ANSWER_WITHIN
from cockpit.tui.deeds.measuring import MeasuringDeeds
from cockpit.tui.screens.ask import AskScreen
from cockpit.tui.screens.choose import Choice, ChooseScreen

_SIGNAL = {Action.TERMINATE: "SIGTERM", Action.KILL: "SIGKILL"}


class TrainingDeeds(MeasuringDeeds):
    """What is asked of runs that train, or are to."""

    def start(self, env_pass: tuple[str, ...] = ()) -> None:
        """Choose a config, or a script; ``env_pass`` are keys that this one run is to see."""
        try:
            found = configs(self._app.project)
        except CockpitError as error:
            self.fail(error)
            return
        root = self._app.project.root
        own = [Choice(str(c.path), c.name, _told(root, c), c.error) for c in found if not c.shipped]
        shipped = [Choice(str(c.path), c.name, _told(root, c), c.error) for c in found if c.shipped]
        runnable = [Choice(str(s.path), s.path.name, _script_told(s)) for s in scripts(self._app.project)]
        if not own and not shipped and not runnable:
            self._app.tell("there is no config in configs/ and no training script", "warn")
            return

        def chosen(path: str | None) -> None:
            if path and path.endswith(".py"):
                self._ask_arguments(path, env_pass)
            elif path:
                self.start_config(path, env_pass=env_pass)

        self._app.push_screen(ChooseScreen("Start what?", (*own, *runnable, *shipped)), chosen)

    def _ask_arguments(self, path: str, env_pass: tuple[str, ...]) -> None:
        """What the script is given; what it was given last stands there already."""

        def typed(text: str | None) -> None:
            if text is not None:
                self.start_script(path, shlex.split(text), env_pass=env_pass)

        name = str(Path(path).relative_to(self._app.project.root))
        lead = f"What follows `python {safe(name)}`, as in a shell; empty for none."
        before = shell_line(arguments_before(self._app.project, name))
        self._app.push_screen(AskScreen("With which arguments?", lead, before, _unquoted, optional=True), typed)

    def start_script(self, path: str, arguments: Sequence[str] = (), *, env_pass: tuple[str, ...] = ()) -> None:
        """Show what running this script would mean."""

        def plan() -> ScriptPlan:
            project = self._app.project
            words = ("python", str(Path(path).relative_to(project.root)), *arguments)
            return plan_script(project, words, project.root, env_pass=env_pass)

        self._launch(plan, run_script, env_pass)

    def start_config(self, name: str, *, test: bool = False, env_pass: tuple[str, ...] = ()) -> None:
        """Show what starting this config would cost."""

        def plan() -> StartPlan:
            project = self._app.project
            return plan_start(project, find_config(project, name), test=test, env_pass=env_pass)

        self._launch(plan, start, env_pass, self._show_config)

    def _launch(
        self,
        plan: Callable[[], Any],
        begin: Callable[[Any, Permit, Guard, Permit | None], RunPaths],
        env_pass: tuple[str, ...],
        look: Callable[[Any], None] | None = None,
        told: str = "is launched",
    ) -> None:
        """The question of a launch; before it, what letting a key through to it means."""
        allowed: list[Permit] = []

        def plan_launch() -> tuple[Any, Question]:
            planned = plan()
            return planned, planned.question

        def deed(planned: Any, permit: Permit) -> str:
            made = begin(planned, permit, self._guard, allowed[-1] if allowed else None)
            self._app.show_run(made.id)
            return f"{made.id} {told}"

        def plan_keys() -> tuple[Any, Question]:
            planned = plan()
            return planned, planned.keys_question or planned.question

        def then_start(planned: Any, permit: Permit) -> str:
            allowed.append(permit)
            self._app.call_from_thread(self._ask, plan_launch, deed, self._measure, look)
            return f"{', '.join(env_pass)} may be seen by this run, if it starts"

        if env_pass:
            self._ask(plan_keys, then_start)
        else:
            self._ask(plan_launch, deed, self._measure, look)

    def stop(self) -> None:
        """The ladder, then the question."""
        run = self._run()
        if run is None or self._app.snapshot is None or self._app.snapshot.selected is None:
            return
        state = self._app.snapshot.selected
        if not state.state.active and not state.remaining:
            self._app.tell(f"it is {state.state} already", "warn")
            return

        def chosen(action: str | None) -> None:
            if action is None:
                return

            def deed(_: Any, permit: Any) -> str:
                request = stop(run, permit, self._guard)
                return "stop requested: it acts at the next step" if request else f"{_SIGNAL[Action(action)]} was sent"

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
            self._do(lambda: f"{verb} {answer_text(wait_for_answer(run, ask(run, verb), ANSWER_WITHIN))}")

    def resume(self, checkpoint: str | None, env_pass: tuple[str, ...] = ()) -> None:
        """Go on from this checkpoint, or the newest that is finite; ``env_pass`` are keys that it is to see."""
        run = self._run()
        if run is not None:
            self._launch(lambda: plan_resume(run, checkpoint, env_pass=env_pass), resume, env_pass, told="goes on")


def _unquoted(text: str) -> str:
    """Why these are no words of a shell."""
    try:
        shlex.split(text)
    except ValueError as error:
        return str(error)
    return ""


def _script_told(found: ScriptFile) -> str:
    resumes = ", can be resumed" if found.script.resume else ""
    return f"your own script: {found.script.framework}{resumes}"


def _told(root: Path, config: ConfigFile) -> str:
    length = (
        counted(config.max_steps, "step") if config.max_steps
        else counted(config.max_epochs, "epoch") if config.max_epochs
        else "length not told" if config.kind == "other"
        else "no end set"
    )  # fmt: skip
    shipped = ", shipped with cockpit" if config.shipped else ""
    missing = "".join(f", {safe(path)} is missing" for path in absent(root, config.inputs))
    return f"{config.model.rpartition('.')[2] or 'model not named'}, {length}{shipped}{missing}"
