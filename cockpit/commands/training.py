"""Runs begin, go on and end."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from pathlib import Path

from cockpit.actions import control
from cockpit.actions import resume as resuming
from cockpit.actions import start as starting
from cockpit.commands.common import say
from cockpit.commands.consent import consent
from cockpit.commands.screen import open_here
from cockpit.domain.guard import Action, Guard
from cockpit.domain.summary import as_record
from cockpit.domain.text import safe
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
    guard = Guard(time.monotonic)
    plan = starting.plan_start(
        project, starting.find_config(project, arguments.config), arguments.overrides, test=arguments.command == "demo"
    )
    permit = consent(guard, plan.question, arguments.yes, f"cockpit start {arguments.config}")
    made = starting.start(plan, permit, guard)
    return _after_launch(project, arguments, made)


def _after_launch(project: Project, arguments: Namespace, made: RunPaths) -> int:
    say({"run": made.id, "path": str(made.root)}, arguments, f"{made.id} is training.\n  {made.root}")
    if not arguments.detach and not arguments.json and sys.stdin.isatty() and sys.stdout.isatty():
        return open_here(project, arguments, selected=made.id)
    return 0


def resume(project: Project, arguments: Namespace) -> int:
    """The same run goes on from a checkpoint, after a yes to what that means."""
    guard = Guard(time.monotonic)
    paths = find_run(project.runs_folder, arguments.run)
    plan = resuming.plan_resume(paths, arguments.checkpoint)
    permit = consent(guard, plan.question, arguments.yes, f"cockpit resume {paths.id}")
    resuming.resume(plan, permit, guard)
    return _after_launch(project, arguments, paths)


def stop(project: Project, arguments: Namespace) -> int:
    """One rung of the ladder; 1 where the run still lives when the wait is over."""
    paths = find_run(project.runs_folder, arguments.run)
    action = Action.TERMINATE if arguments.terminate else Action.KILL if arguments.kill else Action.STOP
    guard = Guard(time.monotonic)
    question = control.stop_question(paths, action)
    # asking to stop with a checkpoint loses nothing, so naming the run is consent enough
    agreed = arguments.yes or action is Action.STOP
    request = control.stop(paths, consent(guard, question, agreed, f"cockpit stop {paths.id}"), guard)
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
