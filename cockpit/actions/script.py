"""Running somebody's own script: detached, guarded, recorded, without a change to it."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from cockpit.actions.begin import begin
from cockpit.actions.digest import digest
from cockpit.actions.environment import ChildEnvironment, child_environment, key_fact
from cockpit.actions.expectation import Expectation, consent_of, disk_fact, expect_script
from cockpit.actions.keys import keys_question
from cockpit.actions.named import LIMIT, file_facts, named_files, state_of
from cockpit.actions.place import device_fact, logout_facts
from cockpit.actions.record import launch_record
from cockpit.actions.said import length_fact, seed_fact
from cockpit.domain.arguments import Plan, planned
from cockpit.domain.guard import Consent, Fact, Guard, Permit, Question
from cockpit.domain.policy import Action
from cockpit.domain.run import Launch
from cockpit.domain.script import Script, find_script, read_script, script_name
from cockpit.domain.secrets import redact_words, redactor
from cockpit.domain.text import safe, shell_line
from cockpit.errors import RunDamaged, UsageError
from cockpit.probes.environment import program
from cockpit.probes.gpu import GpuProbe, GpuReport
from cockpit.project import Project
from cockpit.project.scripts import with_parts
from cockpit.runs.layout import RunPaths, new_run_id
from cockpit.runs.record import read_launch
from cockpit.runs.store import run_folders

CANNOT_UNDO = "Time and energy are spent; what the script itself writes or deletes is its own doing."
_LOOKED_AT, _NAMED = 50, 8  # runs; scripts
_RECORDED = {
    "Lightning": "Lightning: every step is recorded",
    "transformers": "transformers: every step is recorded",
    "TensorFlow": "TensorFlow: only watched, by its output and its logs",
    "PyTorch": "PyTorch: by `cockpit.emit`, or the event files and metrics.csv it writes",
}
_ELSE = "every step, where a Trainer of Lightning or transformers trains; else by the files that it writes"


@dataclass(frozen=True, slots=True)
class ScriptPlan:
    """A script that has been looked at and not begun."""

    project: Project
    words: tuple[str, ...]  # as they were given
    folder: Path
    name: str
    id: str
    argv: tuple[str, ...]
    script: Script
    key: bytes  # by which what was measured of it is kept
    resume: tuple[str, ...]  # argv with {checkpoint}; empty: not known
    plan: Plan  # seed and length, as far as they are said
    question: Question
    environment: ChildEnvironment
    test: bool
    env_pass: tuple[str, ...] = ()  # keys that this one run may see
    keys_question: Question | None = None  # about them, where there are any


def plan_script(
    project: Project,
    words: Sequence[str],
    folder: Path,
    *,
    name: str = "",
    test: bool = False,
    run_id: str = "",
    env_pass: Sequence[str] = (),
) -> ScriptPlan:
    """Look at everything that running it depends on; nothing is run.

    Args:
        project: where its run is kept.
        words: the command.
        folder: where it is run.
        name: what the run is called; default after the script.
        test: whether it is one; production keys are kept from it.
        run_id: of an earlier look.
        env_pass: keys that this one run may see.

    Raises:
        UsageError: there is no such program or script, or ``env_pass`` names what is no key here.
        KeysUnnamed: nobody has said yet what a key is that the script would see.
        NotPossible: a test would see a production key.
    """
    if not words:
        raise UsageError("There is no command", "Nothing to run", "For example: cockpit run -- python train.py")
    found = program(words[0], folder)
    if found is None:
        raise UsageError(f"There is no program {safe(words[0])}", "Cannot run it", "Is the environment active?")
    argv = (found, *words[1:])
    file, source = source_of(words, folder)
    script = with_parts(read_script(source), file.parent if file is not None else folder)
    called = name or (file.stem if file is not None else PurePath(words[0]).name)
    identity = run_id or new_run_id(called)
    resume = (*argv, *script.resume) if script.resume else resume_setting(project, folder, words)
    child = child_environment(project, shell_line(argv).encode(errors="replace"), test=test, env_pass=env_pass)
    key, gpus = measured_as(argv, folder, source), GpuProbe().sample()
    expected = expect_script(project, key, script, gpus)
    known = expected.stakes.seconds is not None
    said = planned(argv, script.arguments)
    question = Question(
        action=Action.START,
        subject=called,
        title=f"Run {safe(called)}?",
        will="This command runs on this machine, detached. It goes on when you leave.",
        facts=(
            *script_fact(file, source, folder),
            *file_facts(argv, folder, (file,)),
            *_facts(project, folder, script, resume, gpus, expected),
            length_fact(said),
            seed_fact(said),
            *filter(None, [key_fact(child.keys)]),
        ),
        cannot_undo=CANNOT_UNDO,
        yes="Run",
        consent=Consent.LIGHT if test and not known else consent_of(project, expected.stakes),
        command=redactor(os.environ)(shell_line(argv)),
        measurable=expected.measurable,
    )
    return ScriptPlan(
        project, tuple(words), folder, called, identity, argv, script, key, resume, said, question, child, test,
        tuple(env_pass), keys_question(called, child, env_pass),
    )  # fmt: skip


def run_script(plan: ScriptPlan, permit: Permit, guard: Guard, keys: Permit | None = None) -> RunPaths:
    """Begin what a person has agreed to.

    Args:
        plan: what was thought through.
        permit: for its question.
        guard: that gave it.
        keys: likewise for its question on keys, where it has one.

    Raises:
        PermitVoid: a permit is missing, does not cover it, or the facts have changed since.
        LaunchError: it could not be started; nothing was left running.
    """
    again = plan_script(
        plan.project, plan.words, plan.folder,
        name=plan.name, test=plan.test, run_id=plan.id, env_pass=plan.env_pass,
    )  # fmt: skip
    return begin(again, permit, guard, keys, record=_record(again), config=None, recorded=True)


def arguments_before(project: Project, script: str) -> tuple[str, ...]:
    """What the newest run of a script was given after its name; nothing where none is known."""
    for run in run_folders(project.runs_folder)[:_LOOKED_AT]:
        try:
            argv = read_launch(run).argv
        except RunDamaged:
            continue
        if find_script(argv) == script and script in argv:
            return argv[argv.index(script) + 1 :]
    return ()


def resume_setting(project: Project, folder: Path, command: Sequence[str]) -> tuple[str, ...]:
    """How ``cockpit.toml`` says that the script of ``command`` goes on from a checkpoint.

    Empty where it does not, or says it of another script: a project may have several.
    """
    own = project.settings.scripts.get(script_name(command))
    words = shlex.split(own.resume if own else "") or shlex.split(project.settings.launch.resume)
    another = not own and find_script(words) not in (None, find_script(command))
    return (program(words[0], folder) or words[0], *words[1:]) if words and not another else ()


def source_of(words: Sequence[str], folder: Path) -> tuple[Path | None, str]:
    """The script of a command, and its text.

    Raises:
        UsageError: it cannot be read.
    """
    name = find_script(words)
    if name is None:
        return None, ""
    if name.startswith("module:"):
        path = folder.joinpath(*name.removeprefix("module:").split("."))
        path = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
        if not path.is_file():  # an installed module: not ours to read
            return None, ""
    else:
        path = folder / name
    try:
        if path.exists() and not path.is_file():  # a pipe would never end
            raise UsageError(f"{safe(path)} is not a file", "The script cannot be read")
        with open(path, "rb") as file:
            return path, file.read(LIMIT).decode(errors="replace")
    except OSError as error:
        there = ", ".join(sorted(safe(other.name) for other in path.parent.glob(f"*{path.suffix}"))[:_NAMED])
        hint = f"There is: {there}" if there else ""
        raise UsageError(f"{safe(path)}: {error.strerror}", "The script cannot be read", hint) from None


def measured_as(argv: Sequence[str], folder: Path, source: str) -> bytes:
    """By what a measurement of a script is kept: its command, its text, and the files that the command names."""
    texts = hashlib.sha256(source.encode())
    words = redact_words(argv, redactor(os.environ))  # a record of the run has no others
    for path in named_files(words, folder):
        texts.update(state_of(path).encode())
    return json.dumps([words, str(folder), texts.hexdigest()]).encode()


def script_fact(file: Path | None, source: str, folder: Path) -> list[Fact]:
    """A yes to a script is to this very text, also to what no other fact tells of it."""
    if file is None:
        return []
    shown = file.relative_to(folder) if file.is_relative_to(folder) else file
    return [Fact("script", f"{safe(shown)}, sha256 {digest(source)}")]


def _facts(
    project: Project,
    folder: Path,
    script: Script,
    resume: tuple[str, ...],
    gpus: GpuReport,
    expected: Expectation,
) -> list[Fact]:
    recorded = _RECORDED.get(script.framework, _ELSE)
    how = (script.how or "by cockpit.toml") + ("" if script.attached else "; of what it saves below its folder")
    return [
        Fact("in", safe(folder)),
        Fact("recorded", recorded, "" if script.attached else "warn"),
        device_fact("auto", gpus),
        *expected.facts,
        disk_fact(project, expected.disk),
        Fact("resume", f"yes, {how}" if resume else "how it takes a checkpoint is not known", "" if resume else "warn"),
        Fact("runs in", safe(project.runs_folder)),
        *logout_facts(),
    ]


def _record(plan: ScriptPlan) -> Launch:
    python = python_of(plan.argv)
    return replace(
        launch_record(plan.project, plan.id, plan.name, plan.argv, python),
        framework=plan.script.framework,
        cwd=str(plan.folder),
        resume=redact_words(plan.resume, redactor(os.environ)),
        seed=plan.plan.seed.value if plan.plan.seed else None,
        seed_by=plan.plan.seed.by if plan.plan.seed else "",
        test=plan.test,
    )


def python_of(argv: tuple[str, ...]) -> str:
    """The interpreter whose environment a command trains in: its own, or the one beside its launcher."""
    program_path = Path(argv[0])
    if program_path.name.startswith("python"):
        return argv[0]
    beside = program_path.parent / "python"
    return str(beside) if beside.exists() else sys.executable
