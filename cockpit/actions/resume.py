"""Going on from a checkpoint, in the same run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cockpit.domain.guard import Action, Fact, Guard, Permit, Question
from cockpit.domain.run import Checkpoint, Launch, RunState, State
from cockpit.domain.text import count, number, safe, shell_line, size
from cockpit.errors import NotPossible
from cockpit.runner.attempt import LaunchSpec
from cockpit.runner.launch import launch
from cockpit.runs.documents import config_changes, resume_candidate
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader


@dataclass(frozen=True, slots=True)
class ResumePlan:
    """A resume that has been thought through and not begun."""

    run: RunPaths
    checkpoint: Checkpoint
    argv: tuple[str, ...]
    cwd: str
    question: Question


def plan_resume(run: RunPaths, reference: str | None = None) -> ResumePlan:
    """Look at what a resume would do; nothing is changed.

    Args:
        run: which run.
        reference: a checkpoint's path or name; default the newest.

    Raises:
        NotPossible: it is still running, has no checkpoint, or was not started by cockpit.
    """
    state = RunReader(run).poll()
    if state.state.active:
        raise NotPossible(f"{state.id} is {state.state} (pid {state.pid}); stop it first", "It is still running")
    if state.launch is None:
        raise NotPossible(state.evidence, "This run cannot be resumed")
    checkpoint = _find(state, reference) if reference else resume_candidate(state)
    if checkpoint is None:
        raise NotPossible(
            f"{state.id} has no checkpoint", "Nothing to resume from", f"Start anew: cockpit start {state.launch.name}"
        )
    argv = (*state.launch.argv, "--ckpt_path", checkpoint.path)
    question = Question(
        action=Action.RESUME,
        subject=state.short_id,
        title=f"Resume {safe(state.name)} {state.short_id}?",
        will="Training goes on in the same run, as its next attempt.",
        facts=tuple(_facts(state, checkpoint, state.launch, run)),
        cannot_undo="Steps after this checkpoint are trained again; the chart shows them once.",
        yes="Resume",
        command=shell_line(argv),
    )
    return ResumePlan(run, checkpoint, argv, state.launch.project, question)


def resume(plan: ResumePlan, permit: Permit, guard: Guard) -> None:
    """Go on as a person has agreed to.

    Raises:
        PermitVoid: the permit does not cover it, or the facts have changed since.
        RunInUse: somebody else was faster.
        LaunchError: it could not be started; nothing was left running.
    """
    with guard.spend(permit, plan_resume(plan.run, plan.checkpoint.path).question):
        launch(LaunchSpec(plan.run, plan.argv, plan.cwd, checkpoint=plan.checkpoint.path, step=plan.checkpoint.step))


def _find(state: RunState, reference: str) -> Checkpoint:
    wanted = Path(reference)
    for checkpoint in state.checkpoints:
        if reference in (checkpoint.name, checkpoint.path) or wanted.absolute() == Path(checkpoint.path).absolute():
            return checkpoint
    names = ", ".join(c.name for c in state.checkpoints[:6]) or "none"
    raise NotPossible(f"{state.id} has no checkpoint {safe(reference)}", "No such checkpoint", f"There is: {names}")


def _facts(state: RunState, checkpoint: Checkpoint, launched: Launch, run: RunPaths) -> list[Fact]:
    redo = max(0, (state.step or 0) - (checkpoint.step or 0))
    total = state.steps_total
    facts = [
        Fact("checkpoint", safe(checkpoint.name)),
        Fact("starts at", f"step {count(checkpoint.step)}" + (f" of {count(total)}" if total else "")),
        Fact("will redo", f"{count(redo)} steps", "warn" if redo else ""),
        Fact("saved", f"{size(checkpoint.bytes)}, attempt {state.attempt}"),
    ]
    if checkpoint.value is not None:
        facts.append(Fact(safe(checkpoint.metric or "metric"), number(checkpoint.value)))
    guarantee, why = state.guarantee
    facts.append(Fact("guarantee", f"{guarantee}: {safe(why)}", "" if guarantee == "exact" else "warn"))
    if state.state is State.FINISHED:
        facts.append(Fact("schedule", "training had finished: nothing may be left to do", "warn"))
    changes = config_changes(launched, run)
    if changes:
        facts.append(Fact("config", f"{len(changes)} lines differ today; the run's own copy is used", "warn"))
    return facts
