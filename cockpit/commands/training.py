"""Runs begin, go on and end."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cockpit.actions import control
from cockpit.actions import growth as growing
from cockpit.actions import resume as resuming
from cockpit.actions import script as scripts
from cockpit.actions import start as starting
from cockpit.actions.keys import Launching
from cockpit.actions.overrides import read_with
from cockpit.actions.permission import make_guard
from cockpit.actions.resolved import resolve_config
from cockpit.commands.common import say
from cockpit.commands.consent import consent, person_here, read_line, with_consent
from cockpit.commands.screen import open_here
from cockpit.domain.guard import Guard, Permit, Question
from cockpit.domain.policy import Action
from cockpit.domain.script import CHECKPOINT
from cockpit.domain.summary import as_record
from cockpit.domain.text import safe
from cockpit.errors import ResumeUnknown, UsageError
from cockpit.project import Project
from cockpit.project.config_files import configs
from cockpit.project.scripts import scripts as training_scripts
from cockpit.project.settings_edit import keep_resume
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.store import find_run

Plan = TypeVar("Plan", bound=Launching)


def demo(project: Project, arguments: Namespace) -> int:
    """The small GPT, with data and runs below the current directory."""
    here = Project(Path.cwd())
    if not arguments.yes and not arguments.detach and sys.stdin.isatty() and sys.stdout.isatty():
        print(f"cockpit keeps data and runs under {here.root}")
        return open_here(here, arguments, config="gpt-stdlib")
    arguments.config, arguments.overrides, arguments.json = "gpt-stdlib", [], False
    arguments.env_pass, arguments.test, arguments.show = [], True, False
    return start(here, arguments)


def start(project: Project, arguments: Namespace) -> int:
    """A new run, after a yes to its facts; or what its config comes to."""
    if arguments.config is None:
        raise _which(project)
    if arguments.show:
        return _print_config(project, arguments)

    def plan() -> starting.StartPlan:
        config = starting.find_config(project, arguments.config)
        return starting.plan_start(
            project, config, arguments.overrides, test=arguments.test, env_pass=arguments.env_pass
        )

    return _after_launch(project, arguments, _launch(project, arguments, plan, starting.start))


def _which(project: Project) -> UsageError:
    """What could have been meant."""
    names = ", ".join(safe(config.name) for config in configs(project))
    own = [safe(script.path.name) for script in training_scripts(project)]
    also = f"; scripts are run as they are: cockpit run -- python {own[0]}" if own else ""
    return UsageError("There is no config in the command", "Start what?", f"There is: {names or 'none'}{also}")


def _print_config(project: Project, arguments: Namespace) -> int:
    """The config as it would be trained; nothing is asked or started."""
    config = starting.find_config(project, arguments.config)
    found = resolve_config(project, config, read_with(arguments.overrides, config.path))
    text = "\n".join(safe(line, sys.maxsize) for line in found.config.splitlines())
    say({"config": found.config, "resolved": found.resolved}, arguments, text)
    return 0


def run_script(project: Project, arguments: Namespace) -> int:
    """Somebody's own script, after a yes to its facts."""
    words = arguments.words[1:] if arguments.words[:1] == ["--"] else arguments.words

    def plan() -> scripts.ScriptPlan:
        return scripts.plan_script(
            project, words, Path.cwd(), name=arguments.name, test=arguments.test, env_pass=arguments.env_pass
        )

    return _after_launch(project, arguments, _launch(project, arguments, plan, scripts.run_script))


def _launch(
    project: Project,
    arguments: Namespace,
    plan: Callable[[], Plan],
    begin: Callable[[Plan, Permit, Guard, Permit | None], RunPaths],
    run: str = "",
) -> RunPaths:
    guard = make_guard(project, "cli")

    def plan_and_question() -> tuple[Plan, Question]:
        planned = plan()
        return planned, planned.question

    def deed(planned: Plan, permit: Permit) -> RunPaths:
        asked = planned.keys_question
        keys = consent(guard, asked, arguments, run) if asked is not None else None
        return begin(planned, permit, guard, keys)

    return with_consent(guard, plan_and_question, deed, arguments, run)


def _after_launch(project: Project, arguments: Namespace, made: RunPaths) -> int:
    say({"run": made.id, "path": str(made.root)}, arguments, f"{made.id} is launched.\n  {made.root}")
    if not arguments.detach and not arguments.json and sys.stdin.isatty() and sys.stdout.isatty():
        return open_here(project, arguments, selected=made.id)
    return 0


def resume(project: Project, arguments: Namespace) -> int:
    """The same run goes on from a checkpoint, after a yes to what that means."""
    paths = find_run(project.runs_folder, arguments.run)

    def plan() -> resuming.ResumePlan:
        try:
            return resuming.plan_resume(paths, arguments.checkpoint, env_pass=arguments.env_pass)
        except ResumeUnknown as error:
            if arguments.json or not person_here():
                raise
            print(f"{error.message}. For example: {error.example}")
            keep_resume(project, error.script, read_line(f"Its command, with {CHECKPOINT} in place of the path: "))
            return resuming.plan_resume(paths, arguments.checkpoint, env_pass=arguments.env_pass)

    return _after_launch(project, arguments, _launch(project, arguments, plan, resuming.resume, paths.id))


def stop(project: Project, arguments: Namespace) -> int:
    """One rung of the ladder; 1 where the run still lives when the wait is over."""
    paths = find_run(project.runs_folder, arguments.run)
    action = Action.TERMINATE if arguments.terminate else Action.KILL if arguments.kill else Action.STOP
    guard = make_guard(project, "cli")
    # asking to stop with a checkpoint loses nothing, so naming the run is consent enough
    arguments.yes = arguments.yes or action is Action.STOP
    request = with_consent(
        guard,
        lambda: (paths, control.stop_question(paths, action)),
        lambda run, permit: control.stop(run, permit, guard),
        arguments,
        paths.id,
    )
    if request is not None:
        answer = control.wait_for_answer(paths, request, arguments.wait)
        if not arguments.json:
            print(control.answer_text(answer))
    state = control.wait_for_end(paths, arguments.wait)
    say(as_record(state), arguments, f"{paths.id}: {safe(state.told)}")
    return 0 if not state.state.active else 1


def request(project: Project, arguments: Namespace) -> int:
    """Ask the trainer for a checkpoint, to pause or to go on, and wait for the answer."""
    paths = find_run(project.runs_folder, arguments.run)
    if arguments.command == "continue" and RunReader(paths).poll().growth is not None:
        return _go_on(project, arguments, paths)
    request = control.ask(paths, arguments.command)
    answer = control.wait_for_answer(paths, request, arguments.wait)
    say({k: v for k, v in answer.items() if k != "schema"}, arguments, control.answer_text(answer))
    return 0


def _go_on(project: Project, arguments: Namespace, run: RunPaths) -> int:
    """Let a run go on that is held because data grew."""
    guard = make_guard(project, "cli")
    with_consent(
        guard,
        lambda: (run, growing.go_on_question(run)),
        lambda _, permit: growing.go_on(run, permit, guard),
        arguments,
        run.id,
    )
    say({"run": run.id}, arguments, f"{run.id} goes on")
    return 0
