"""Starts the keeper of a dry run and listens to it; the keeper ends when its standard input is closed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

from cockpit.domain.text import safe
from cockpit.errors import CockpitError, LaunchError
from cockpit.runner.dryrun import DrySpec, Outcome
from cockpit.runs.atomic import write_all
from cockpit.runs.process import readable

_PATIENCE = 30.0  # seconds the keeper has for clearing up
_LOOK = 0.1  # seconds between two looks whether it was called off


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a dry run is; ``of`` is 0 until its steps begin."""

    phase: str
    step: int = 0
    of: int = 0


class CalledOff(CockpitError):
    """Whoever asked does not want to know any more."""

    exit_code = 1


def measure(
    spec: DrySpec, environment: Mapping[str, str], tell: Callable[[Progress], None], called_off: Callable[[], bool]
) -> Outcome:
    """Have a keeper run it, and wait for what becomes of it.

    Args:
        spec: what to run.
        environment: of the keeper and of what it runs.
        tell: is called as it goes on, from this thread.
        called_off: is asked ten times a second.

    Raises:
        CalledOff: ``called_off`` said so; nothing is left behind.
        LaunchError: it could not be started, or its keeper died.
    """
    with _keeper(environment, spec) as keeper:
        for words in _lines(keeper, called_off):
            if "phase" in words:
                tell(Progress(**words))
            elif "error" in words:
                raise LaunchError(safe(words["error"]), "The dry run cannot be started")
            else:
                return Outcome(**words)
    raise LaunchError("The process that kept it has died", "The dry run was lost", "Measure again")


@contextmanager
def _keeper(environment: Mapping[str, str], spec: DrySpec) -> Iterator[subprocess.Popen[bytes]]:
    """The keeper at work; to leave early is to call the dry run off."""
    keeper = subprocess.Popen(
        [sys.executable, "-P", "-m", "cockpit.runner.dryrun"],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    assert keeper.stdin is not None  # noqa: S101 - we asked for it
    assert keeper.stdout is not None  # noqa: S101
    try:
        with suppress(BrokenPipeError):  # unbuffered, or the rest would be written, and refused, at the close
            write_all(keeper.stdin.fileno(), json.dumps(asdict(spec)).encode() + b"\n")
        yield keeper
    finally:
        keeper.stdin.close()
        keeper.stdout.close()
        try:
            keeper.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            keeper.kill()  # its trainer dies with it
            keeper.wait()
            shutil.rmtree(spec.folder, ignore_errors=True)


def _lines(keeper: subprocess.Popen[bytes], called_off: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """What the keeper says, until it has no more to say.

    Raises:
        CalledOff: nobody wants to hear it.
    """
    assert keeper.stdout is not None  # noqa: S101 - we asked for it
    rest = b""
    while True:
        if called_off():
            raise CalledOff("The measurement was called off; nothing of it is left", "Not measured")
        if not readable(keeper.stdout.fileno(), _LOOK):
            continue
        chunk = os.read(keeper.stdout.fileno(), 1 << 16)
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        yield from map(json.loads, lines)
