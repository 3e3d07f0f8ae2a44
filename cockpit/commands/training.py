"""Runs begin, go on and end."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from cockpit.actions import control
from cockpit.actions import resume as resuming
from cockpit.actions import start as starting
from cockpit.actions.permission import make_guard
from cockpit.commands.common import say
from cockpit.commands.consent import with_consent
from cockpit.commands.screen import open_here
from cockpit.domain.guard import Question
from cockpit.domain.policy import Action
from cockpit.domain.summary import as_record
from cockpit.domain.text import safe, shell_word
from cockpit.project import Project
from cockpit.runs.layout import RunPaths
from cockpit.runs.store import find_run


def demo(project: Project, arguments: Namespace) -> int:
    """The small GPT, with data and runs below the current directory."""
    here = Project(Path.cwd())
    if not arguments.yes and not arguments.detach and sys.stdin.isatty() and sys.stdout.isatty():
        print(f"cockpit keeps data and runs under {here.root}")
        return open_here(here, arguments, config="gpt-stdlib")
    arguments.config, arguments.overrides, arguments.json = "gpt-stdlib", [], False
    return start(here, arguments)


def start(project: Project, arguments: Namespace) -> int:
    """A new run, after a yes to its facts."""
    guard = make_guard(project, "cli")

    def plan() -> tuple[starting.StartPlan, Question]:
        config = starting.find_config(project, arguments.config)
        planned = starting.plan_start(project, config, arguments.overrides, test=arguments.command == "demo")
        return planned, planned.question

    made = with_consent(
        guard,
        plan,
        lambda planned, permit: starting.start(planned, permit, guard),
        arguments,
        f"cockpit start {shell_word(arguments.config)}",
    )
    return _after_launch(project, arguments, made)


def _after_launch(project: Project, arguments: Namespace, made: RunPaths) -> int:
    say({"run": made.id, "path": str(made.root)}, arguments, f"{made.id} is training.\n  {made.root}")
    if not arguments.detach and not arguments.json and sys.stdin.isatty() and sys.stdout.isatty():
        return open_here(project, arguments, selected=made.id)
    return 0


def resume(project: Project, arguments: Namespace) -> int:
    """The same run goes on from a checkpoint, after a yes to what that means."""
    guard = make_guard(project, "cli")
    paths = find_run(project.runs_folder, arguments.run)

    def plan() -> tuple[resuming.ResumePlan, Question]:
        planned = resuming.plan_resume(paths, arguments.checkpoint)
        return planned, planned.question

    with_consent(
        guard,
        plan,
        lambda planned, permit: resuming.resume(planned, permit, guard),
        arguments,
        f"cockpit resume {paths.id}",
    )
    return _after_launch(project, arguments, paths)


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
        f"cockpit stop {paths.id}" + ("" if action is Action.STOP else f" --{action}"),
    )
    if request is not None:
        answer = control.wait_for_answer(paths, request, arguments.wait)
        if not arguments.json:
            print(control.answer_text(answer))
    state = control.wait_for_end(paths, arguments.wait)
    say(as_record(state), arguments, f"{paths.id}: {state.state}, {safe(state.evidence)}")
    return 0 if not state.state.active else 1


def request(project: Project, arguments: Namespace) -> int:
    """Ask the trainer for a checkpoint, a pause or its end, and wait for the answer."""
    paths = find_run(project.runs_folder, arguments.run)
    request = control.ask(paths, arguments.command)
    answer = control.wait_for_answer(paths, request, arguments.wait)
    say({k: v for k, v in answer.items() if k != "schema"}, arguments, control.answer_text(answer))
    return 0
