"""Going on from before the first NaN with anomaly detection: torch then names the operation that made it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from cockpit.actions.resume import ResumePlan, launch_spec, plan_resume
from cockpit.domain.guard import Fact, Guard, Permit, Question
from cockpit.domain.text import count, safe
from cockpit.domain.trouble.numbers import last_good
from cockpit.errors import NotPossible
from cockpit.runner.launch import launch
from cockpit.runs.layout import ENV_ANOMALY, RunPaths
from cockpit.runs.reader import RunReader

_SLOWER = "2 to 6 times"  # measured on the shipped trainers: 1.8 to 5.6


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """A replay that has been thought through and not begun."""

    base: ResumePlan
    question: Question


def plan_replay(run: RunPaths, reference: str | None = None) -> ReplayPlan:
    """Look at what a replay would do; nothing is changed.

    Args:
        run: which run.
        reference: a checkpoint's path or name; default the newest from before the first NaN.

    Raises:
        NotPossible: it has no such checkpoint, or cannot be resumed.
    """
    state = RunReader(run).poll()
    good = last_good(state)
    if reference is None and good is None:
        raise NotPossible(
            f"{state.id} has no finite checkpoint from before the trouble", "Nothing to replay from", "Start anew"
        )
    base = plan_resume(run, reference or (good.path if good else None))
    if base.report.checkpoint.followed:
        raise NotPossible(f"{state.id} is only followed: nothing would name an operation", "It cannot be replayed")
    if state.nonfinite:
        first = state.nonfinite[0]
        seen = f"{safe(first.what)} since step {count(first.step)}"
    else:
        seen = "nothing that is not finite was seen"
    question = dataclasses.replace(
        base.question,
        title=f"Replay {safe(state.name)} {state.short_id} with anomaly detection?",
        will=f"Training goes on in the same run, as its attempt {state.attempt + 1}; it ends at the operation whose "
        "gradient is NaN.",
        facts=(Fact("not finite", seen, "" if state.nonfinite else "warn"),
               Fact("slower", f"{_SLOWER}, as every operation is checked", "warn"),
               *base.question.facts),
        yes="Replay",
        command=f"{ENV_ANOMALY}=1 {base.question.command}",
    )  # fmt: skip
    return ReplayPlan(base, question)


def replay(plan: ReplayPlan, permit: Permit, guard: Guard) -> None:
    """Go on as a person has agreed to.

    Raises:
        PermitVoid: the permit does not cover it, or the facts have changed since.
        KeysUnnamed: nobody has said yet what a key is that the run would see.
        LaunchError: it could not be started; nothing was left running.
    """
    again = plan_replay(plan.base.run, plan.base.report.checkpoint.path)
    with guard.spend(permit, again.question):
        launch(launch_spec(again.base, {ENV_ANOMALY: "1"}))
