"""Starting a run: the facts a person is shown, then the deed."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit import project as projects
from cockpit.actions.environment import ChildEnvironment, child_environment, expect_named, key_fact
from cockpit.actions.overrides import apply_overrides
from cockpit.domain.guard import Fact, Guard, Permit, Question
from cockpit.domain.policy import Action
from cockpit.domain.run import Launch, RunState
from cockpit.domain.secrets import redact
from cockpit.domain.state import State
from cockpit.domain.text import count, duration, safe, shell_line, size
from cockpit.errors import ConfigError, LaunchError
from cockpit.probes.environment import environment, packages
from cockpit.probes.git import git_state
from cockpit.probes.gpu import GpuProbe, GpuReport
from cockpit.project import ConfigFile, Project
from cockpit.runner.attempt import LaunchSpec
from cockpit.runner.launch import launch
from cockpit.runner.logout import at_logout
from cockpit.runs.layout import RunPaths, new_run_id
from cockpit.runs.process import boot_id
from cockpit.runs.reader import RunReader
from cockpit.runs.record import create_run
from cockpit.runs.store import Catalogue

_CANNOT_UNDO = "Time and energy are spent; the run can be stopped at any step, with a checkpoint."


@dataclass(frozen=True, slots=True)
class StartPlan:
    """A run that has been thought through and not begun."""

    project: Project
    config: ConfigFile
    content: bytes  # of the run's own copy
    overrides: tuple[str, ...]
    id: str
    argv: tuple[str, ...]
    question: Question
    environment: ChildEnvironment
    test: bool


def find_config(project: Project, name: str) -> ConfigFile:
    """The config that a path, a file name or a bare name means.

    Raises:
        ConfigError: there is none, or it cannot be used.
    """
    known = projects.configs(project)
    path = Path(name)
    found = next((c for c in known if name in (c.name, c.path.name)), None)
    if found is None and path.is_file():
        found = projects.read_config(path.absolute())
    if found is None:
        shipped = projects.shipped_configs_folder()
        candidate = shipped / f"{Path(name).stem}.yaml" if shipped else None
        found = projects.read_config(candidate, shipped=True) if candidate and candidate.is_file() else None
    if found is None:
        names = ", ".join(c.name for c in known) or "none"
        raise ConfigError(f"There is no config {safe(name)}", "No such config", f"There is: {names}")
    if found.error:
        raise ConfigError(f"{found.path}: {found.error}", "The config cannot be used", "Correct it and start again")
    return found


def plan_start(
    project: Project,
    config: ConfigFile,
    overrides: Sequence[str] = (),
    *,
    test: bool = False,
    run_id: str | None = None,
) -> StartPlan:
    """Look at everything a start depends on; nothing is changed.

    Raises:
        ConfigError: the config cannot be read.
        UsageError: an override does not fit it.
    """
    try:
        content = apply_overrides(config.path.read_bytes(), overrides)
    except OSError as error:
        raise ConfigError(f"{config.path}: {error.strerror}", "The config cannot be read") from None
    effective = _effective(config, content) if overrides else config
    identity = run_id or new_run_id(config.name)
    run = RunPaths(project.runs_folder / identity)
    argv = (sys.executable, "-m", "trainers", "fit", "--config", str(run.config))
    child = child_environment(project, content, test=test)
    question = Question(
        action=Action.START,
        subject=config.name,
        title=f"Start {safe(config.name)}?",
        will="A training run starts on this machine. It goes on when you leave.",
        facts=(*_facts(project, effective, overrides, GpuProbe().sample()), *filter(None, [key_fact(child.keys)])),
        cannot_undo=_CANNOT_UNDO,
        yes="Start",
        command=shell_line(argv),
    )
    return StartPlan(project, effective, content, tuple(overrides), identity, argv, question, child, test)


def start(plan: StartPlan, permit: Permit, guard: Guard) -> RunPaths:
    """Begin the run that a person has agreed to.

    Raises:
        PermitVoid: the permit does not cover it, or the facts have changed since.
        NeedsPermission: nobody has said yet what a key is that the run would see.
        LaunchError: it could not be started; nothing was left running.
    """
    config = projects.read_config(plan.config.path, shipped=plan.config.shipped)
    again = plan_start(plan.project, config, plan.overrides, test=plan.test, run_id=plan.id)
    expect_named(again.environment.keys)
    with guard.spend(permit, again.question):
        try:
            run = create_run(plan.project.runs_folder, _record(again, plan.test), again.content)
        except OSError as error:
            raise LaunchError(f"{plan.project.runs_folder}: {error.strerror}", "Cannot make the run") from None
        child = again.environment
        launch(LaunchSpec(run, plan.argv, str(plan.project.root), environment=child.added, unset=child.unset))
    return run


def _effective(config: ConfigFile, content: bytes) -> ConfigFile:
    """What the config says once the overrides are in."""
    import yaml

    return projects.facts_of(config.path, yaml.safe_load(content), config.shipped)


def _record(plan: StartPlan, test: bool) -> Launch:
    place, git = environment(), git_state(plan.project.root)
    return Launch(
        id=plan.id,
        name=plan.config.name,
        created=time.time(),
        project=str(plan.project.root),
        argv=tuple(redact(word) for word in plan.argv),
        command=redact(shell_line(plan.argv)),
        config=str(plan.config.path),
        seed=plan.config.seed,
        host=os.uname().nodename,
        boot_id=boot_id(),
        python=place.python,
        environment={"kind": place.kind, "name": place.name, "prefix": place.prefix, "activate": place.activate},
        cuda_visible_devices=os.environ.get("CUDA_VISIBLE_DEVICES"),
        git_commit=git.commit,
        git_dirty=git.dirty,
        git_diff=redact(git.diff),
        tracker="TensorBoard",
        steps_planned=plan.config.max_steps,
        epochs_planned=plan.config.max_epochs,
        packages=packages(),
        overrides=tuple(redact(word) for word in plan.overrides),
        test=test,
    )


def _facts(project: Project, config: ConfigFile, overrides: Sequence[str], gpus: GpuReport) -> list[Fact]:
    before = _earlier(project, config)
    facts = [
        Fact("config", f"{safe(config.path.name)}{' (shipped with cockpit)' if config.shipped else ''}"),
        Fact("model", config.model or "not named"),
        _device_fact(config, gpus),
        Fact("length", _length(config)),
        Fact("takes", _took(before), "" if before else "warn"),
        Fact("seed", str(config.seed) if config.seed is not None else "none: not reproducible",
             "" if config.seed is not None else "warn"),
        _disk_fact(project, config, before),
        Fact("tracker", "TensorBoard, in the run's folder"),
        Fact("runs in", safe(project.runs_folder)),
    ]  # fmt: skip
    logout = at_logout()
    if logout.ends:
        facts.append(Fact("at logout", logout.told(), "" if logout.spared else "bad"))
    return facts + [Fact("set", safe(redact(override)), "warn") for override in overrides]


def _length(config: ConfigFile) -> str:
    steps = f"{count(config.max_steps)} steps" if config.max_steps else ""
    epochs = f"{count(config.max_epochs)} epochs" if config.max_epochs else ""
    return ", at most ".join(part for part in (steps, epochs) if part) or "no end is set"


def _earlier(project: Project, config: ConfigFile) -> RunState | None:
    """The latest finished run of this config, whose time and sizes tell what to expect."""
    runs = Catalogue(project.runs_folder).poll()
    found = next((r for r in runs if r.name == config.name and r.state is State.FINISHED and r.attempt == 1), None)
    return RunReader(RunPaths(Path(found.path))).poll() if found else None


def _took(before: RunState | None) -> str:
    if before is None:
        return "not known: no finished run of this config yet"
    return f"about {duration(before.active_seconds)}, as {before.short_id} did"


def _device_fact(config: ConfigFile, gpus: GpuReport) -> Fact:
    visible = [gpu for gpu in gpus.gpus if gpu.visible]
    if config.accelerator == "cpu" or not visible:
        cores = f"CPU, {len(os.sched_getaffinity(0))} cores"
        if config.accelerator in ("gpu", "cuda"):
            return Fact("device", f"the config wants a GPU: {gpus.error or 'none is visible'}", "bad")
        return Fact("device", cores if config.accelerator == "cpu" else f"{cores} ({gpus.error or 'no visible GPU'})")
    busy = sorted({f"{safe(p.user)}'s {safe(p.name)}" for gpu in visible for p in gpu.processes})
    names = ", ".join(f"GPU {gpu.index} {safe(gpu.name)}" for gpu in visible)
    return Fact(
        "device", f"{names}, shared with {', '.join(busy)}" if busy else f"{names}, free", "warn" if busy else ""
    )


def _disk_fact(project: Project, config: ConfigFile, before: RunState | None) -> Fact:
    folder = project.runs_folder if project.runs_folder.exists() else project.root
    free = shutil.disk_usage(folder).free
    # to two digits: the exact figure changes while the question is on the screen
    digit = 10 ** max(0, len(str(free)) - 2)
    told = f"{size(free // digit * digit)} free"
    sizes = [c.bytes for c in before.checkpoints if c.bytes] if before else []
    if not sizes:
        return Fact("disk", f"{told}; checkpoint size not known yet", "warn" if free < 2 << 30 else "")
    need = max(sizes) * ((config.kept or 1) + 1)
    return Fact("disk", f"{told}; checkpoints take {size(need)}", "bad" if need > free else "")
