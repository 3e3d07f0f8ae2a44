"""Going on from a checkpoint, in the same run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cockpit.actions.changes import Changes, changes_since
from cockpit.actions.environment import ChildEnvironment, child_environment, expect_named, key_fact
from cockpit.domain.checkpoint import EXACT, UNSAFE, CheckpointReport, newest_trustworthy
from cockpit.domain.guard import Fact, Guard, Permit, Question
from cockpit.domain.policy import Action
from cockpit.domain.resume import Difference, limited
from cockpit.domain.run import RunState
from cockpit.domain.secrets import redact
from cockpit.domain.text import count, number, safe, shell_line, size
from cockpit.errors import NotPossible
from cockpit.probes.gpu import GpuProbe
from cockpit.project import Project
from cockpit.runner.attempt import LaunchSpec
from cockpit.runner.launch import launch
from cockpit.runs.checkpoints import inspect_checkpoints
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader

_SHOWN = 5  # differences told one by one


@dataclass(frozen=True, slots=True)
class ResumePlan:
    """A resume that has been thought through and not begun."""

    run: RunPaths
    report: CheckpointReport
    argv: tuple[str, ...]
    cwd: str
    question: Question
    environment: ChildEnvironment


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
    reports = inspect_checkpoints(run, state)
    report = _find(state, reports, reference) if reference else newest_trustworthy(reports)
    if report is None:
        missing = "has no checkpoint" if not reports else f"has {len(reports)} checkpoints and none that can be trusted"
        raise NotPossible(
            f"{state.id} {missing}", "Nothing to resume from", f"Start anew: cockpit start {state.launch.name}"
        )
    checkpoint = report.checkpoint
    if not report.verified or report.inspection.foreign:
        raise NotPossible(f"{safe(checkpoint.name)}: {safe(report.reason)}", "This checkpoint cannot be resumed from")
    argv = (*state.launch.argv, "--ckpt_path", checkpoint.path)
    changes = changes_since(run, state, state.launch, checkpoint, GpuProbe().sample())
    child = child_environment(Project(Path(state.launch.project)), run.config.read_bytes(), test=state.launch.test)
    question = Question(
        action=Action.RESUME,
        subject=state.short_id,
        title=f"Resume {safe(state.name)} {state.short_id}?",
        will=f"Training goes on in the same run, as its attempt {state.attempt + 1}.",
        facts=(
            *_facts(state, report, newest_trustworthy(reports), changes),
            *_change_facts(changes),
            *filter(None, [key_fact(child.keys)]),
        ),
        cannot_undo="Steps after this checkpoint are trained again; the chart shows them once.",
        yes="Resume",
        command=shell_line(argv),
    )
    return ResumePlan(run, report, argv, state.launch.project, question, child)


def resume(plan: ResumePlan, permit: Permit, guard: Guard) -> None:
    """Go on as a person has agreed to.

    Raises:
        PermitVoid: the permit does not cover it, or the facts have changed since.
        NeedsPermission: nobody has said yet what a key is that the run would see.
        RunInUse: somebody else was faster.
        LaunchError: it could not be started; nothing was left running.
    """
    checkpoint = plan.report.checkpoint
    again = plan_resume(plan.run, checkpoint.path)
    expect_named(again.environment.keys)
    with guard.spend(permit, again.question):
        launch(
            LaunchSpec(
                plan.run,
                plan.argv,
                plan.cwd,
                environment=again.environment.added,
                unset=again.environment.unset,
                checkpoint=checkpoint.path,
                step=checkpoint.step,
            )
        )


def _find(state: RunState, reports: tuple[CheckpointReport, ...], reference: str) -> CheckpointReport:
    wanted = Path(reference)
    for report in reports:
        own = report.checkpoint
        if reference in (own.name, own.path) or wanted.absolute() == Path(own.path).absolute():
            return report
    names = ", ".join(safe(report.checkpoint.name) for report in reports[:6]) or "none"
    raise NotPossible(f"{state.id} has no checkpoint {safe(reference)}", "No such checkpoint", f"There is: {names}")


def _facts(state: RunState, report: CheckpointReport, advised: CheckpointReport | None, changes: Changes) -> list[Fact]:
    checkpoint = report.checkpoint
    redo = max(0, (state.step or 0) - (checkpoint.step or 0))
    total = state.steps_total
    facts = [
        Fact("checkpoint", safe(checkpoint.name)),
        Fact("starts at", f"step {count(checkpoint.step)}" + (f" of {count(total)}" if total else "")),
        Fact("will redo", f"{count(redo)} steps", "warn" if redo else ""),
        Fact("saved", f"{size(checkpoint.bytes)}, by attempt {checkpoint.attempt}"),
    ]
    if checkpoint.value is not None:
        facts.append(Fact(safe(checkpoint.metric or "metric"), number(checkpoint.value)))
    promise, reason = limited((report.guarantee, report.reason), (*changes.config, *changes.surroundings))
    level = {EXACT: "", UNSAFE: "bad"}.get(promise, "warn")
    facts.append(Fact("guarantee", f"{promise}: {safe(reason)}", level))
    if checkpoint.finite is False:
        facts.append(Fact("weights", "not finite: training cannot recover from here", "bad"))
    if advised is not None and advised is not report:
        facts.append(
            Fact("newest good", f"{safe(advised.checkpoint.name)}, step {count(advised.checkpoint.step)}", "warn")
        )
    return facts


def _change_facts(changes: Changes) -> list[Fact]:
    facts = [Fact("schedule", warning, "warn") for warning in changes.schedule]
    for label, differences in (("config", changes.config), ("environment", changes.surroundings)):
        facts += [Fact(label, _told(d), "warn" if d.effect else "") for d in differences[:_SHOWN]]
        if len(differences) > _SHOWN:
            facts.append(Fact(label, f"and {len(differences) - _SHOWN} more differences", "warn"))
    if changes.file:
        names = ", ".join(safe(difference.name, 40) for difference in changes.file[:_SHOWN])
        facts.append(Fact("file today", f"differs and is not used: {names}", "warn"))
    return facts + [Fact("not compared", unknown, "warn") for unknown in changes.unknown]


def _told(difference: Difference) -> str:
    """Old and new, without secrets and hostile text."""
    return safe(redact(str(difference)), 160)
