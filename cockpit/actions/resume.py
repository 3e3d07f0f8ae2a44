"""Going on from a checkpoint, in the same run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from cockpit.actions.begin import recording
from cockpit.actions.changes import Changes, changes_since
from cockpit.actions.environment import ChildEnvironment, child_environment, key_fact
from cockpit.actions.expectation import consent_of, device_key, expect_rest
from cockpit.actions.growth import watch_of
from cockpit.actions.keys import keys_question, spending
from cockpit.actions.named import file_facts, state_of
from cockpit.actions.reference import find_checkpoint
from cockpit.actions.script import measured_as, resume_setting, script_fact, source_of
from cockpit.domain.checkpoint import EXACT, UNSAFE, CheckpointReport, newest_trustworthy
from cockpit.domain.estimate import Measurement, Misfit
from cockpit.domain.guard import Consent, Fact, Guard, Permit, Question
from cockpit.domain.marks import taken_along
from cockpit.domain.policy import Action
from cockpit.domain.resume import Difference, limited
from cockpit.domain.run import Checkpoint, Launch, RunState
from cockpit.domain.script import from_template, read_script, script_name
from cockpit.domain.secrets import REDACTED, redact
from cockpit.domain.text import count, counted, number, safe, shell_line, size
from cockpit.errors import NotPossible, ResumeUnknown, UsageError
from cockpit.probes.gpu import GpuProbe, GpuReport
from cockpit.project import Project
from cockpit.project.config_files import read_config
from cockpit.runner.attempt import LaunchSpec
from cockpit.runner.launch import launch
from cockpit.runs.checkpoints import inspect_checkpoints
from cockpit.runs.estimates import load_estimate
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader

_PYTHONPATH = "PYTHONPATH"
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
    project: Project
    env_pass: tuple[str, ...] = ()  # keys that this one attempt may see
    keys_question: Question | None = None  # about them, where there are any


def plan_resume(run: RunPaths, reference: str | None = None, *, env_pass: Sequence[str] = ()) -> ResumePlan:
    """Look at what a resume would do; nothing is changed.

    Args:
        run: which run.
        reference: a checkpoint's path or name; default the newest.
        env_pass: keys that this one attempt may see; those that the start was given are not given again by themselves.

    Raises:
        NotPossible: it is still running, has no checkpoint, or was not started by cockpit.
        UsageError: ``env_pass`` names what is no key here.
    """
    state = RunReader(run).poll()
    if state.state.active:
        raise NotPossible(f"{state.id} is {state.state} (pid {state.pid}); stop it first", "It is still running")
    if state.launch is None:
        raise NotPossible(state.evidence, "This run cannot be resumed")
    if state.remaining:
        raise NotPossible(
            f"{state.id} is {state.told}: two would train at once", "It has left processes behind",
            f"End them: cockpit stop {state.id} --kill",
        )  # fmt: skip
    reports = inspect_checkpoints(run, state)
    report = find_checkpoint(state.id, reports, reference) if reference else newest_trustworthy(reports)
    if report is None:
        some = f"has {counted(len(reports), 'checkpoint')} and none that can be trusted"
        missing = some if reports else "has no checkpoint"
        raise NotPossible(f"{state.id} {missing}", "Nothing to resume from", _otherwise(state, reports))
    checkpoint = report.checkpoint
    runs_code = report.inspection.foreign
    if not report.verified or (runs_code and not checkpoint.followed):  # what loads its own is up to the script
        raise NotPossible(f"{safe(checkpoint.name)}: {safe(report.reason)}", "This checkpoint cannot be resumed from")
    argv = _command(state.launch, checkpoint.path)
    gpus = GpuProbe().sample()
    changes = changes_since(run, state, state.launch, checkpoint, gpus)
    child = _environment(run, state.launch, argv, env_pass)
    project = Project(Path(state.launch.project))
    found = _measured(project, run, state.launch, gpus)
    expected = expect_rest(project, state, checkpoint.step, found, gpus)
    question = Question(
        action=Action.RESUME,
        subject=state.short_id,
        title=f"Resume {safe(state.name)} {state.short_id}?",
        will=f"Training goes on in the same run, as its attempt {state.attempt + 1}.",
        facts=(
            *_facts(state, report, newest_trustworthy(reports), changes),
            *expected.facts,
            *_text_facts(state.launch, argv, checkpoint),
            *_change_facts(changes),
            *_import_facts(state.launch),
            *_mark_facts(state, checkpoint),
            *filter(None, [key_fact(child.keys)]),
        ),
        cannot_undo="Steps after this checkpoint are trained again; the chart shows them once.",
        yes="Resume",
        consent=Consent.TYPED if runs_code else consent_of(project, expected.stakes),
        command=redact(shell_line(argv)),
    )
    asked = keys_question(state.launch.name, child, env_pass)
    return ResumePlan(
        run, report, argv, state.launch.folder, question, child, project, tuple(env_pass), asked
    )  # fmt: skip


def resume(plan: ResumePlan, permit: Permit, guard: Guard, keys: Permit | None = None) -> RunPaths:
    """Go on as a person has agreed to.

    Args:
        plan: what was thought through.
        permit: for its question.
        guard: that gave it.
        keys: likewise for its question on keys, where it has one.

    Raises:
        PermitVoid: a permit is missing, does not cover it, or the facts have changed since.
        NeedsPermission: nobody has said yet what a key is that the run would see.
        RunInUse: somebody else was faster.
        LaunchError: it could not be started; nothing was left running.
    """
    again = plan_resume(plan.run, plan.report.checkpoint.path, env_pass=plan.env_pass)
    with spending(guard, again, permit, keys):
        launch(launch_spec(again))
    return plan.run


def launch_spec(plan: ResumePlan, variables: Mapping[str, str] = MappingProxyType({})) -> LaunchSpec:
    """What a resume launches, with these environment variables besides."""
    child, checkpoint = plan.environment, plan.report.checkpoint
    return LaunchSpec(
        plan.run, plan.argv, plan.cwd, environment={**child.added, **variables}, unset=child.unset,
        checkpoint=checkpoint.path, step=checkpoint.step, watch=watch_of(plan.project, child),
    )  # fmt: skip


def _otherwise(state: RunState, reports: tuple[CheckpointReport, ...]) -> str:
    """What is left where no checkpoint is trusted: its script's own by its name, a new start."""
    launch = state.launch
    own = next((r.checkpoint.name for r in reports if r.checkpoint.followed and r.verified), None)
    if launch is None:
        return ""
    if own is not None:
        named = shell_line(["cockpit", "resume", state.id, "--from", own])
        return f"To let its script load its own all the same: {named}"
    if launch.framework is None:
        return f"Start anew: cockpit start {launch.name}"
    anew = f"Start anew: cockpit run -- {launch.command}"
    own = shell_line(launch.resume_argv("PATH"))
    return f"{anew}, or go on from what it has saved by itself: cockpit run -- {own}" if own else anew


def _command(launch: Launch, checkpoint: str) -> tuple[str, ...]:
    """What goes on from a checkpoint: as recorded at the start, else as ``cockpit.toml`` says by now."""
    known = launch.resume != ()
    project, folder = Project(Path(launch.project)), Path(launch.folder)
    setting = () if known else resume_setting(project, folder, launch.argv)
    argv = from_template(setting, checkpoint) or launch.resume_argv(checkpoint)
    if not argv:
        name = Path(launch.argv[0]).name if launch.argv else "python"
        command, script = shell_line([name, *launch.argv[1:]]), script_name(launch.argv)
        raise ResumeUnknown(f"How {safe(script)} takes a checkpoint is not known", script, command)
    return argv


def _text_facts(launch: Launch, argv: tuple[str, ...], checkpoint: Checkpoint) -> list[Fact]:
    """What is run and what it reads, by what stands there now."""
    folder, script = Path(launch.folder), None
    facts = []
    if REDACTED in shell_line(argv):
        facts.append(Fact("secret", f"its command had one, which nobody kept: it is given {REDACTED}", "bad"))
    if launch.framework is not None:
        try:
            script, source = source_of(argv, folder)
        except UsageError as error:
            facts.append(Fact("script", error.message, "bad"))
        else:
            facts += script_fact(script, source, folder)
    return [*facts, *file_facts(argv, folder, (script, Path(checkpoint.path)))]


def _measured(project: Project, run: RunPaths, launch: Launch, gpus: GpuReport) -> Measurement | Misfit | None:
    """What a dry run found of the run's config, or of its command and the script as it is today."""
    if run.config.exists():
        return load_estimate(project.runs_folder, run.config.read_bytes(), device_key(read_config(run.config), gpus))
    folder = Path(launch.folder)
    try:
        _, source = source_of(launch.argv, folder)
    except UsageError:  # its script is gone
        return None
    if read_script(source).several:  # which of its trainings goes on, nobody knows
        return None
    return load_estimate(project.runs_folder, measured_as(launch.argv, folder, source), device_key(None, gpus))


def _environment(run: RunPaths, launch: Launch, argv: tuple[str, ...], env_pass: Sequence[str]) -> ChildEnvironment:
    """As at the start; it imports from where it did then, unless this shell says otherwise."""
    own = launch.framework is not None
    content = shell_line(argv).encode(errors="replace") if own else run.config.read_bytes()
    child = child_environment(Project(Path(launch.project)), content, test=launch.test, env_pass=env_pass)
    path = os.environ.get(_PYTHONPATH) or launch.python_path
    search = {_PYTHONPATH: path} if path else {}
    return replace(child, added={**child.added, **search, **(recording(search) if own else {})})


def _import_facts(launch: Launch) -> list[Fact]:
    now = os.environ.get(_PYTHONPATH, "")
    if not now or now == launch.python_path:
        return []
    return [Fact(_PYTHONPATH, f"{safe(redact(now))}, at the start {safe(launch.python_path) or 'not set'}", "warn")]


def _facts(state: RunState, report: CheckpointReport, advised: CheckpointReport | None, changes: Changes) -> list[Fact]:
    checkpoint = report.checkpoint
    facts = [
        Fact("checkpoint", safe(checkpoint.name)),
        *_place_facts(state, checkpoint),
        Fact("saved", f"{size(checkpoint.bytes)}, by attempt {checkpoint.attempt}, {state_of(Path(checkpoint.path))}"),
    ]
    if checkpoint.value is not None:
        facts.append(Fact(safe(checkpoint.metric or "metric"), number(checkpoint.value)))
    promise, reason = limited((report.guarantee, report.reason), (*changes.config, *changes.surroundings))
    level = {EXACT: "", UNSAFE: "bad"}.get(promise, "warn")
    facts.append(Fact("guarantee", f"{promise}: {safe(reason)}", level))
    if report.inspection.foreign:
        facts.append(Fact("holds", f"objects of {safe(', '.join(report.inspection.foreign))}", "bad"))
    if checkpoint.finite is False:
        facts.append(Fact("weights", "not finite: training cannot recover from here", "bad"))
    if advised is not None and advised is not report:
        facts.append(
            Fact("newest good", f"{safe(advised.checkpoint.name)}, step {count(advised.checkpoint.step)}", "warn")
        )
    return facts


def _place_facts(state: RunState, checkpoint: Checkpoint) -> list[Fact]:
    """Where in the training it goes on, as far as the checkpoint tells."""
    if checkpoint.step is None:
        epoch = "" if checkpoint.epoch is None else f"; it tells epoch {count(checkpoint.epoch)}"
        where = f"where its script says: the checkpoint tells no step{epoch}"
        return [Fact("starts at", where, "warn"), Fact("will redo", "not known", "warn")]
    redo, total = max(0, (state.step or 0) - checkpoint.step), state.steps_total
    return [
        Fact("starts at", f"step {count(checkpoint.step)}" + (f" of {count(total)}" if total else "")),
        Fact("will redo", counted(redo, "step"), "warn" if redo else ""),
    ]


def _change_facts(changes: Changes) -> list[Fact]:
    facts = [Fact("schedule", warning, "warn") for warning in changes.schedule]
    for label, differences in (("config", changes.config), ("environment", changes.surroundings)):
        facts += [Fact(label, _told(d), "warn" if d.effect else "") for d in differences[:_SHOWN]]
        if len(differences) > _SHOWN:
            facts.append(Fact(label, f"and {counted(len(differences) - _SHOWN, 'more difference')}", "warn"))
    if changes.file:
        names = ", ".join(safe(difference.name, 40) for difference in changes.file[:_SHOWN])
        facts.append(Fact("file today", f"differs and is not used: {names}", "warn"))
    return facts + [Fact("not compared", unknown, "warn") for unknown in changes.unknown]


def _mark_facts(state: RunState, checkpoint: Checkpoint) -> list[Fact]:
    again, behind = taken_along(state.marks, checkpoint.changes)
    return [Fact("set again", text) for text in again] + [Fact("left behind", text, "warn") for text in behind]


def _told(difference: Difference) -> str:
    """Old and new, without secrets and hostile text."""
    return safe(redact(str(difference)), 160)
