"""Weights taken out of a checkpoint: a new folder with safetensors and a model card, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cockpit.actions.card import Source, card_of, reveals
from cockpit.actions.environment import OFFLINE
from cockpit.actions.reference import find_checkpoint
from cockpit.domain.checkpoint import newest_trustworthy
from cockpit.domain.formats import FORMATS
from cockpit.domain.publish import Taken, model_card, without_places
from cockpit.domain.secrets import TELLING, redactor, secrets_in, secrets_of
from cockpit.domain.text import safe, size
from cockpit.errors import CannotWrite, NotPossible, UsageError
from cockpit.project import Project
from cockpit.runs.atomic import fsync_folder, write_atomic
from cockpit.runs.checkpoints import inspect_checkpoints
from cockpit.runs.layout import RunPaths
from cockpit.runs.pickle_peek import peek
from cockpit.runs.reader import RunReader
from cockpit.runs.store import find_run, run_folders

CARD = "README.md"
_HEADER_LIMIT = 64 << 20  # bytes of a safetensors header


@dataclass(frozen=True, slots=True)
class Exported:
    """What lies in the folder now."""

    folder: Path
    files: tuple[Path, ...]
    parameters: int
    licence: str
    taken: Taken
    reveals: tuple[str, ...]  # what the model card tells


def find_source(project: Project, reference: str) -> Source:
    """The checkpoint that a path, ``RUN``, ``RUN/NAME`` or ``latest`` means; of a run the newest that is good.

    Raises:
        RunNotFound: no run answers to it.
        NotPossible: there is no such checkpoint, it is damaged, or loading it would run code.
    """
    path = Path(reference)
    source = _source_of_file(project, path.absolute()) if path.is_file() else _source_of_run(project, reference)
    problem = source.report.inspection.problem if source.report else ""
    foreign = source.report.inspection.foreign if source.report else ()
    if source.report is None:
        facts = peek([source.path])[source.path]
        problem, foreign = facts.get("problem", ""), tuple(facts.get("foreign", ()))
    if problem:
        raise NotPossible(f"{safe(source.path.name)}: {safe(problem)}", "Not exported")
    if foreign:
        raise NotPossible(
            f"{safe(source.path.name)}: loading it would run code: {safe(', '.join(foreign))}", "Not exported"
        )
    return source


def _source_of_file(project: Project, path: Path) -> Source:
    folder = path.parent.parent
    run = next((run for run in run_folders(project.runs_folder) if run.root == folder), None)
    return _of(run, path.name) if run is not None else Source(path)


def _source_of_run(project: Project, reference: str) -> Source:
    name, _, checkpoint = reference.partition("/")
    return _of(find_run(project.runs_folder, name), checkpoint)


def _of(run: RunPaths, name: str) -> Source:
    state = RunReader(run).poll()
    reports = inspect_checkpoints(run, state)
    report = find_checkpoint(run.id, reports, name) if name else newest_trustworthy(reports)
    if report is None:
        raise NotPossible(f"{run.id} has no checkpoint that can be trusted", "No such checkpoint")
    return Source(Path(report.checkpoint.path), run, state, report)


def export(project: Project, source: Source, target: Path, kind: str = FORMATS[0]) -> Exported:
    """Write weights and model card into a new folder, which appears whole or not at all.

    Raises:
        NotPossible: something of that name is there, the weights cannot be had, or a secret would be among them.
        CannotWrite: the file system refused.
    """
    target = target.absolute()
    if os.path.lexists(target):
        raise NotPossible(f"{safe(target)} is there already; nothing is overwritten", "Not exported")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _staged(target) as stage:
            made = write_export(project, source, stage, kind)
            stage.rename(target)  # refuses, should something be there by now
            fsync_folder(target.parent)
    except OSError as error:
        raise CannotWrite(target, error, "Not exported") from None
    return replace(made, folder=target, files=tuple(target / path.name for path in made.files))


@contextmanager
def _staged(target: Path) -> Iterator[Path]:
    stage = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
    stage.mkdir(mode=0o700)
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def write_export(project: Project, source: Source, folder: Path, kind: str = FORMATS[0]) -> Exported:
    """Write it into ``folder``, which exists and is the caller's.

    Raises:
        NotPossible: the weights cannot be had, or a secret would be among them.
        OSError: the file system refused.
    """
    told = _weights(source, folder, kind)
    taken = Taken()
    redact = redactor(os.environ)
    licence = project.settings.share.licence
    card = card_of(source, told, licence, redact, taken)
    write_atomic(folder / CARD, without_places(model_card(card)))
    files = tuple(sorted(folder.iterdir()))
    for path in files:
        path.chmod(0o600)
        _expect_clean(path)
        with open(path, "rb") as file:
            os.fsync(file.fileno())
    return Exported(folder, files, told.get("parameters", 0), licence, taken, reveals(card))


def _weights(source: Source, folder: Path, kind: str) -> dict[str, Any]:
    """Have the weights written by a child that may load torch; it gets no key and stays offline."""
    if kind not in FORMATS:
        raise UsageError(f"There is no format {safe(kind)}", "Not exported", f"There is: {', '.join(FORMATS)}")
    secret = {found.name for found in secrets_of(os.environ)}
    environment = {name: value for name, value in os.environ.items() if name not in secret} | OFFLINE
    command = [sys.executable, "-P", "-m", "cockpit.recorder.export", kind, str(source.path), str(folder)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment, cwd="/"
    )
    try:
        told = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise NotPossible(f"{safe(source.path.name)}: {safe(last[0])}", "The weights cannot be had") from None
    if not isinstance(told, dict) or "problem" in told:
        problem = told.get("problem") if isinstance(told, dict) else told
        raise NotPossible(f"{safe(source.path.name)}: {safe(problem)}", "The weights cannot be had")
    return told


def _expect_clean(path: Path) -> None:
    """The last look at what is written: of text all of it, of weights the names."""
    text = _names_in(path) if path.suffix == ".safetensors" else path.read_text(errors="replace")
    found = [one.name for one in secrets_in(text)]
    found += [one.name for one in secrets_of(os.environ) if len(one.value) >= TELLING and one.value in text]
    if found:
        raise NotPossible(f"{path.name} would hold what looks like a secret ({found[0]})", "Not exported")


def _names_in(path: Path) -> str:
    """The names of tensors, and what is said beside them."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(min(length, _HEADER_LIMIT)))
    beside = header.pop("__metadata__", {})
    return "\n".join([*header, *beside, *map(str, beside.values())])


def told_files(made: Exported) -> list[str]:
    """Each file with its size."""
    return [f"{path.name}  {size(path.stat().st_size)}" for path in made.files]
