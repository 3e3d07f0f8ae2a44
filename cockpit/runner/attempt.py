"""What an attempt runs, as a file: the runner reads it there, so that ``ps`` shows neither secrets nor a long line."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from cockpit.domain.run import SCHEMA
from cockpit.domain.secrets import redact_words, redactor
from cockpit.errors import LaunchError
from cockpit.runner.tripwire import Watch
from cockpit.runs.atomic import write_all, write_atomic
from cockpit.runs.layout import RunPaths


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """One attempt at a run: the first start, or a resume.

    Attributes:
        run: the run directory; it exists, with its run.json.
        argv: the trainer's command, with an absolute interpreter.
        cwd: the folder the trainer works in, absolute.
        environment: variables added to those the launcher has.
        unset: variables of the launcher that the trainer must not see.
        checkpoint: what it resumes from, absolute; None for a fresh start.
        step: optimizer steps that ``checkpoint`` has done.
        watch: what must not grow while it runs.
        told: ``argv`` as it may be written down; made with the attempt.
    """

    run: RunPaths
    argv: tuple[str, ...]
    cwd: str
    environment: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    checkpoint: str | None = None
    step: int | None = None
    watch: Watch = field(default_factory=Watch)
    told: tuple[str, ...] = field(default=(), compare=False)


def create_attempt(spec: LaunchSpec) -> int:
    """Store ``spec`` as the run's next attempt and give its number; two launchers never get the same one.

    Raises:
        OSError: the run directory cannot be written.
    """
    run = spec.run
    run.attempts.mkdir(mode=0o700, exist_ok=True)
    record = {
        "schema": SCHEMA,
        "argv": list(spec.argv),
        "told": redact_words(spec.argv, redactor(os.environ)),
        "cwd": spec.cwd,
        "environment": dict(spec.environment),
        "unset": list(spec.unset),
        "checkpoint": spec.checkpoint,
        "step": spec.step,
        "watched": dict(spec.watch.folders),
        "growth": spec.watch.limit,
    }
    number = latest_attempt(run) + 1
    while True:
        try:
            fd = os.open(run.attempt(number), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            break
        except FileExistsError:
            number += 1
    try:
        write_all(fd, json.dumps(record, indent=1).encode())
        os.fsync(fd)
    finally:
        os.close(fd)
    with suppress(FileNotFoundError):  # a run of somebody else's script has none
        write_atomic(run.attempt_config(number), run.config.read_bytes())
    return number


def latest_attempt(run: RunPaths) -> int:
    """The highest attempt number so far; 0 before the first."""
    try:
        stems = [path.stem for path in run.attempts.iterdir() if path.suffix == ".json"]
    except FileNotFoundError:
        return 0
    return max((int(stem) for stem in stems if stem.isdigit()), default=0)


def read_attempt(run: RunPaths, number: int) -> LaunchSpec:
    """The attempt as it was stored.

    Raises:
        LaunchError: there is no such attempt, or its file is damaged.
    """
    path = run.attempt(number)
    try:
        record = json.loads(path.read_bytes())
        return LaunchSpec(
            run=run,
            argv=tuple(record["argv"]),
            cwd=record["cwd"],
            environment=record["environment"],
            unset=tuple(record["unset"]),
            checkpoint=record["checkpoint"],
            step=record["step"],
            watch=Watch(record.get("watched", {}), record.get("growth", 0)),
            told=tuple(record["told"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LaunchError(f"{path}: {error}", "Cannot read what to run") from None


def forget_secrets(run: RunPaths, number: int) -> None:
    """Leave of a launched attempt only what may be written down.

    Raises:
        OSError: its file cannot be replaced.
    """
    record = json.loads(run.attempt(number).read_bytes())
    if record["argv"] != record["told"]:
        write_atomic(run.attempt(number), json.dumps(record | {"argv": record["told"]}, indent=1))
