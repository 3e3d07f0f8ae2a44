"""Starting a run: the facts a person is shown, then the deed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cockpit.actions.begin import begin
from cockpit.actions.digest import digest
from cockpit.actions.environment import ChildEnvironment, child_environment, key_fact
from cockpit.actions.expectation import Expectation, consent_of, disk_fact, expect
from cockpit.actions.keys import keys_question
from cockpit.actions.named import file_facts
from cockpit.actions.overrides import read_with
from cockpit.actions.place import device_fact, logout_facts
from cockpit.actions.record import launch_record
from cockpit.actions.said import length_fact, seed_fact
from cockpit.actions.script import CANNOT_UNDO, python_of, script_fact, source_of
from cockpit.domain import llamafactory
from cockpit.domain.arguments import Plan, first, planned
from cockpit.domain.guard import Fact, Guard, Permit, Question
from cockpit.domain.policy import Action
from cockpit.domain.run import Launch
from cockpit.domain.script import Script, read_script
from cockpit.domain.secrets import redact
from cockpit.domain.text import counted, safe, shell_line
from cockpit.domain.trackers import NAMES
from cockpit.errors import ConfigError, UsageError
from cockpit.probes.environment import installed, program
from cockpit.probes.gpu import GpuProbe, GpuReport
from cockpit.project import Project
from cockpit.project.config_files import ConfigFile, configs, facts_of, read_config, shipped_configs_folder
from cockpit.project.inputs import absent
from cockpit.project.launching import launch_of
from cockpit.project.scripts import with_parts
from cockpit.project.tracking import chosen_trackers
from cockpit.runs.layout import RunPaths, new_run_id

_CANNOT_UNDO = "Time and energy are spent; a stop at any step keeps a checkpoint."


@dataclass(frozen=True, slots=True)
class StartPlan:
    """A run that has been thought through and not begun."""

    project: Project
    config: ConfigFile
    content: bytes  # of the run's own copy
    overrides: tuple[str, ...]
    id: str
    argv: tuple[str, ...]
    said: Plan | None  # seed and length, where a script of one's own reads the config
    question: Question
    environment: ChildEnvironment
    test: bool
    env_pass: tuple[str, ...] = ()  # keys that this one run may see
    keys_question: Question | None = None  # about them, where there are any


def find_config(project: Project, name: str) -> ConfigFile:
    """The config that a path, a file name or a bare name means.

    Raises:
        ConfigError: there is none, or it cannot be used.
    """
    known = configs(project)
    path = Path(name)
    found = next((c for c in known if name in (c.name, c.path.name)), None)
    if found is None and path.is_file():
        found = read_config(path.absolute())
    if found is None:
        shipped = shipped_configs_folder()
        candidate = shipped / f"{Path(name).stem}.yaml" if shipped else None
        found = read_config(candidate, shipped=True) if candidate and candidate.is_file() else None
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
    env_pass: Sequence[str] = (),
) -> StartPlan:
    """Look at everything a start depends on; nothing is changed.

    Raises:
        ConfigError: the config cannot be read.
        UsageError: an override does not fit it, or ``env_pass`` names what is no key here.
        KeysUnnamed: nobody has said yet what a key is that the run would see.
        NotPossible: a test would see a production key.
    """
    content = read_with(overrides, config.path)
    effective = _effective(config, content) if overrides else config
    identity = run_id or new_run_id(config.name)
    run = RunPaths(project.runs_folder / identity)
    argv = _argv(project, effective, run)
    script = _script_of(project, argv) if _own(effective) else None
    said = first(planned(argv, script.arguments), effective.said) if script else None
    test = test or effective.test
    child = child_environment(project, content, test=test, env_pass=env_pass)
    gpus = GpuProbe().sample()
    expected = expect(project, effective, content, gpus, script)
    question = Question(
        action=Action.START,
        subject=config.name,
        title=f"Start {safe(config.name)}?",
        will="A training run starts on this machine. It goes on when you leave.",
        facts=(
            *_facts(project, effective, said, content, overrides, gpus, expected),
            *_reader_facts(project, effective, argv),
            *filter(None, [key_fact(child.keys)]),
        ),
        cannot_undo=_CANNOT_UNDO if script is None or script.attached else CANNOT_UNDO,
        yes="Start",
        consent=consent_of(project, expected.stakes),
        command=shell_line(argv),
        measurable=expected.measurable,
    )
    return StartPlan(project, effective, content, tuple(overrides), identity, argv, said, question, child, test,
                     tuple(env_pass), keys_question(config.name, child, env_pass))  # fmt: skip


def start(plan: StartPlan, permit: Permit, guard: Guard, keys: Permit | None = None) -> RunPaths:
    """Begin the run that a person has agreed to.

    Args:
        plan: what was thought through.
        permit: for its question.
        guard: that gave it.
        keys: likewise for its question on keys, where it has one.

    Raises:
        PermitVoid: a permit is missing, does not cover it, or the facts have changed since.
        LaunchError: it could not be started; nothing was left running.
    """
    config = read_config(plan.config.path, shipped=plan.config.shipped)
    again = plan_start(plan.project, config, plan.overrides, test=plan.test, run_id=plan.id, env_pass=plan.env_pass)
    # a script that is no LightningCLI has no callback of ours
    recorded = config.kind != "lightning"
    return begin(again, permit, guard, keys, record=_record(again), config=again.content, recorded=recorded)


def _argv(project: Project, config: ConfigFile, run: RunPaths) -> tuple[str, ...]:
    """The command of a run, with an absolute program."""
    argv = launch_of(project, config).argv(sys.executable, run.config)
    if config.kind != "llamafactory":
        return argv
    found = program(argv[0], project.root)
    if found is None:
        raise ConfigError(
            f"{config.path.name} is a config of LLaMA-Factory, and {argv[0]} is not in this environment",
            "Cannot start it",
            "pip install llamafactory; a training elsewhere is followed by: cockpit watch OUTPUT_DIR",
        )
    return (found, *argv[1:])


def _effective(config: ConfigFile, content: bytes) -> ConfigFile:
    """What the config says once the overrides are in."""
    import yaml

    return facts_of(config.path, yaml.safe_load(content), config.shipped)


def _record(plan: StartPlan) -> Launch:
    config = plan.config
    python = python_of(plan.argv) if config.kind == "llamafactory" else sys.executable
    record = launch_record(plan.project, plan.id, config.name, plan.argv, python)
    if config.kind == "llamafactory":
        record = replace(record, framework="transformers", resume=(*record.argv, llamafactory.RESUME))
    elif _own(config):
        script = _script_of(plan.project, plan.argv)
        resume = (*record.argv, *script.resume) if script.resume else ()
        record = replace(record, framework=script.framework, resume=resume)
    if plan.said is not None:  # its names for a length need not mean what a trainer of Lightning's means by them
        seed = plan.said.seed
        record = replace(record, seed=seed.value if seed else None, seed_by=seed.by if seed else "")
    else:
        record = replace(
            record, seed=config.seed, steps_planned=config.max_steps, epochs_planned=config.max_epochs
        )  # fmt: skip
    return replace(
        record,
        config=str(config.path),
        tracker=_tracked_by(plan.project, config),
        overrides=tuple(redact(word) for word in plan.overrides),
        test=plan.test,
    )


def _own(config: ConfigFile) -> bool:
    """Whether a script of one's own reads it, in a way that it alone knows."""
    return config.kind == "other"


def _script_of(project: Project, argv: tuple[str, ...]) -> Script:
    file, source = source_of(argv, project.root)
    return with_parts(read_script(source), file.parent if file is not None else project.root)


def _facts(
    project: Project,
    config: ConfigFile,
    said: Plan | None,
    content: bytes,
    overrides: Sequence[str],
    gpus: GpuReport,
    expected: Expectation,
) -> list[Fact]:
    whose = " (shipped with cockpit)" if config.shipped else ""
    facts = [
        # a yes is to this very text, also to what no other fact tells of it
        Fact("config", f"{safe(config.path.name)}{whose}, sha256 {digest(content)}"),
        Fact("model", config.model or "not named"),
        device_fact(config.accelerator, gpus),
        Fact("length", _length(config)) if said is None else length_fact(said),
        *expected.facts,
        disk_fact(project, expected.disk),
        _seed_fact(config) if said is None else seed_fact(said),
        _place_fact(project, config),
    ]  # fmt: skip
    if missing := absent(project.root, config.inputs):
        told = ", ".join(f"{path} ({', '.join(keys)})" for path, keys in missing.items())
        facts.append(Fact("missing", safe(told), "warn"))
    return facts + logout_facts() + [Fact("set", safe(redact(override)), "warn") for override in overrides]


def _reader_facts(project: Project, config: ConfigFile, argv: tuple[str, ...]) -> list[Fact]:
    """The script that reads the config, and what else its command names; nothing of a trainer that is shipped."""
    if launch_of(project, config).ours or config.kind == "llamafactory":
        return []
    try:
        file, source = source_of(argv, project.root)
    except UsageError as error:
        return [Fact("script", error.message, "bad")]
    return [*script_fact(file, source, project.root), *file_facts(argv, project.root, (file,))]


def _seed_fact(config: ConfigFile) -> Fact:
    known = config.seed is not None
    return Fact("seed", str(config.seed) if known else "none: not reproducible", "" if known else "warn")


def _place_fact(project: Project, config: ConfigFile) -> Fact:
    """Where the run lies, and what it is followed by besides."""
    missing = [] if config.loggers else [name for kind, name in _trackers(project, config) if installed(kind) is None]
    told = f"{safe(project.runs_folder)}, followed by {_tracked_by(project, config)}"
    return Fact("runs in", f"{told}; not installed: {', '.join(missing)}" if missing else told, "warn" * bool(missing))


def _tracked_by(project: Project, config: ConfigFile) -> str:
    """The trackers that a config names, else those of the project; a trainer that is not ours sees to that itself."""
    if config.loggers:
        return safe(", ".join(config.loggers))
    return ", ".join(name for _, name in _trackers(project, config)) or "what its trainer sets up"


def _trackers(project: Project, config: ConfigFile) -> list[tuple[str, str]]:
    """Package and name of the trackers of a shipped trainer."""
    return [(kind, NAMES[kind]) for kind in chosen_trackers(project)] if launch_of(project, config).ours else []


def _length(config: ConfigFile) -> str:
    steps = counted(config.max_steps, "step") if config.max_steps else ""
    epochs = counted(config.max_epochs, "epoch") if config.max_epochs else ""
    return ", at most ".join(part for part in (steps, epochs) if part) or "no end is set"
