"""Changing hyperparameters of a training under way: what it would do, then the request to its trainer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cockpit.domain import hyperparameters as knobs
from cockpit.domain.guard import Consent, Fact, Guard, Permit, Question
from cockpit.domain.hyperparameters import LENGTHS, LR, MAX_EPOCHS, MAX_STEPS, Value
from cockpit.domain.marks import mark_text
from cockpit.domain.policy import Action
from cockpit.domain.run import RunState
from cockpit.domain.text import count, counted, rough_duration, safe, shell_line
from cockpit.errors import NotPossible, UsageError
from cockpit.project import Project
from cockpit.runs import requests
from cockpit.runs.fold import read_trainer
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.requests import Request

_REPRODUCIBILITY = "not from its config alone any more; the change is recorded at its step"
_NO_TRAINER = "its loop is neither Lightning's nor transformers', and nothing in it can be changed from outside"
_LASTING = (
    "Steps trained with the new values stay so; the checkpoint that is saved first leads back to before them, "
    "for as long as its trainer keeps it."
)


@dataclass(frozen=True, slots=True)
class ModifyPlan:
    """A change that has been thought through and not asked for."""

    run: RunPaths
    values: Mapping[str, Value]
    question: Question


def parse_changes(words: Mapping[str, str]) -> dict[str, Value]:
    """What a person has written, by name.

    Raises:
        UsageError: one of them is no value.
    """
    try:
        return {name: knobs.parse(name, text) for name, text in words.items()}
    except ValueError as error:
        raise UsageError(str(error), "Cannot change that", "Example: lr=x0.5 max_steps=5000") from None


def present(run: RunPaths) -> RunState:
    """An active run with what can be changed in it.

    Raises:
        NotPossible: it is not active, has not begun to train, or has no trainer that lets it be changed.
    """
    state = RunReader(run).poll()
    if not state.state.active:
        raise NotPossible(f"{state.id} is {state.told}", "It is not running")
    if not state.hyperparameters:
        why = "its first step has not begun" if state.step is None else _NO_TRAINER
        raise NotPossible(f"{state.id}: {why}", "Nothing can be changed")
    return state


def values_now(state: RunState) -> dict[str, float | int | None]:
    """What can be changed, with the learning rate as it was last recorded."""
    rate = {LR: state.learning_rate} if state.learning_rate is not None and LR in state.hyperparameters else {}
    return {**state.hyperparameters, **rate}


def plan_modify(run: RunPaths, values: Mapping[str, Value]) -> ModifyPlan:
    """Look at what a change would do; nothing is asked of the trainer.

    Raises:
        NotPossible: the run cannot be changed, or not to these values.
    """
    state = present(run)
    old = values_now(state)
    why = knobs.refusal(values, old, state.step or 0, state.epoch or 0)
    if why := why or knobs.refusal_of_loop(values, state.steps_longest):
        raise NotPossible(f"{state.id}: {why}", "Cannot change that")
    new = knobs.after(values, old)
    differing = {name: told for name, told in knobs.changed(old, new).items() if name in values}
    if not differing:
        raise NotPossible(f"{state.id} has these values already", "Nothing to change")
    large = knobs.largest_factor(old, new) > _light_factor(state)
    question = Question(
        action=Action.MODIFY,
        subject=state.short_id,
        title=f"Change {', '.join(differing)} of {safe(state.name)} {state.short_id}?",
        will="A checkpoint is saved at the next step; then the trainer goes on with the new values.",
        facts=(
            *(Fact(name, told, "warn" if name == LR else "", moving=name == LR) for name, told in differing.items()),
            *_other_facts(run, state),
            *_schedule_facts(state, values),
            *_length_facts(state, old, new),
            Fact("now at", f"step {count(state.step)}", moving=True),
            Fact("reproducible", _REPRODUCIBILITY, "warn"),
            Fact("a resume", "from a later checkpoint keeps the change, from an earlier one does not have it"),
        ),
        cannot_undo=_LASTING,
        yes="Change it",
        consent=Consent.TYPED if large else Consent.LIGHT,
        command=_command(state.id, values),
    )
    return ModifyPlan(run, values, question)


def modify(plan: ModifyPlan, permit: Permit, guard: Guard) -> Request:
    """Ask the trainer for the change that a person has agreed to.

    Raises:
        PermitVoid: the permit does not cover it, or the facts have changed since.
        NotPossible: the run is not active any more.
    """
    again = plan_modify(plan.run, plan.values)
    with guard.spend(permit, again.question):
        return requests.send(plan.run, "modify", plan.values)


def _other_facts(run: RunPaths, state: RunState) -> list[Fact]:
    """Changes that somebody made, or has asked for, before this one: what it starts from is another then."""
    made = [mark for mark in state.marks if mark.kind == "change"]
    answered = read_trainer(run).acknowledged
    waiting = [request for request in requests.pending(run, answered) if request.verb == "modify"]
    facts = [Fact("changed before", f"{counted(len(made), 'time')}, at last {mark_text(made[-1])}")] if made else []
    return facts + [Fact("waits", safe(_command(run.id, request.values), 160), "warn") for request in waiting]


def _command(run_id: str, values: Mapping[str, object]) -> str:
    """The same without the screen."""
    return shell_line(["cockpit", "modify", run_id, *(f"{name}={value}" for name, value in values.items())])


def _light_factor(state: RunState) -> float:
    project = state.launch.project if state.launch else str(Path(state.path).parent.parent)
    return Project(Path(project)).settings.guard.light_factor


def _schedule_facts(state: RunState, values: Mapping[str, Value]) -> list[Fact]:
    if not state.schedules:
        return [Fact("schedule", "none: the rate stays what it is set to")] if LR in values else []
    names = safe(", ".join(dict.fromkeys(state.schedules)))
    facts = []
    if LR in values:
        facts.append(Fact("schedule", f"{names} goes on in its shape, all its rates in proportion"))
    if any(name in values for name in LENGTHS):
        facts.append(Fact("schedule", f"{names} keeps the horizon it was made with; it does not stretch", "warn"))
    return facts


def _length_facts(state: RunState, old: knobs.Present, new: knobs.Present) -> list[Fact]:
    """Where it ends then, and when."""
    if all(old.get(name) == new.get(name) for name in LENGTHS):
        return []
    before, then = state.steps_total, knobs.steps_of(new, state.steps_per_epoch)
    told = f"at step {count(then)} instead of {count(before)}"
    binding = MAX_STEPS if old.get(MAX_EPOCHS) != new.get(MAX_EPOCHS) else MAX_EPOCHS
    if before == then:
        told = f"at step {count(then)} as before: {binding} comes first"
    facts = [Fact("ends", told, "warn" if before == then else "")]
    left, step = state.eta.seconds, state.step or 0
    if left is not None and before and then and before > step:
        later = left * (then - step) / (before - step)
        facts.append(Fact("ETA", f"{rough_duration(left)} → {rough_duration(later)}", moving=True))
    return facts
