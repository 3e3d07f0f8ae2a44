"""Changing a training under way, and noting what was seen in it."""

from __future__ import annotations

from argparse import Namespace

from cockpit.actions import control, modify, notes
from cockpit.actions.permission import make_guard
from cockpit.commands.common import say
from cockpit.commands.consent import with_consent
from cockpit.domain.guard import Question
from cockpit.domain.hyperparameters import KNOBS, shown
from cockpit.domain.text import count
from cockpit.errors import UsageError
from cockpit.project import Project
from cockpit.runs.store import find_run


def change(project: Project, arguments: Namespace) -> int:
    """Other hyperparameters from the next step on, after a yes; or what can be changed, where none is named."""
    run = find_run(project.runs_folder, arguments.run)
    if not arguments.changes:
        values = modify.values_now(modify.present(run))
        lines = [
            f"{knob.name:<18} {shown(knob.name, values[knob.name]):<12} {knob.meaning}"
            for knob in KNOBS
            if knob.name in values
        ]
        say(values, arguments, "\n".join(lines))
        return 0
    changes = modify.parse_changes(dict(map(_split, arguments.changes)))
    guard = make_guard(project, "cli")

    def plan() -> tuple[modify.ModifyPlan, Question]:
        planned = modify.plan_modify(run, changes)
        return planned, planned.question

    request = with_consent(
        guard,
        plan,
        lambda planned, permit: modify.modify(planned, permit, guard),
        arguments,
        run.id,
    )
    answer = control.wait_for_answer(run, request, arguments.wait)
    say({k: v for k, v in answer.items() if k != "schema"}, arguments, control.answer_text(answer))
    return 0


def _split(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise UsageError(f"{word!r} is not key=value", "Cannot change that", "Example: lr=x0.5 max_steps=5000")
    return name.strip(), value


def note(project: Project, arguments: Namespace) -> int:
    """Attach a note to a run at its step."""
    run = find_run(project.runs_folder, arguments.run)
    step = notes.note(run, " ".join(arguments.text))
    say({"run": run.id, "step": step}, arguments, f"noted at step {count(step)} of {run.id}")
    return 0
