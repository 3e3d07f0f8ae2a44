"""The way back: one small file per request, applied once by the trainer, acknowledged in its journal."""

from __future__ import annotations

import getpass
import json
import os
import time
from dataclasses import dataclass

from cockpit.errors import CannotWrite
from cockpit.runs.atomic import write_atomic
from cockpit.runs.layout import RunPaths

VERBS = ("stop", "checkpoint", "pause", "continue")


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked of a running trainer."""

    id: str
    verb: str
    time: float
    by: str


def send(run: RunPaths, verb: str) -> Request:
    """Leave a request for the trainer.

    Raises:
        ValueError: no such verb.
        CannotWrite: the run directory cannot be written.
    """
    if verb not in VERBS:
        raise ValueError(verb)
    now = time.time()
    request = Request(f"{now:.3f}-{os.urandom(3).hex()}", verb, now, me())
    record = {"schema": 1, "id": request.id, "verb": verb, "t": now, "by": request.by}
    try:
        write_atomic(run.requests / f"{request.id}.json", json.dumps(record))
    except OSError as error:
        raise CannotWrite(run.requests, error, "The request could not be left") from None
    return request


def pending(run: RunPaths) -> list[Request]:
    """Every request file, oldest first; which of them are acknowledged, the journal knows."""
    try:
        names = sorted(entry.name for entry in os.scandir(run.requests) if entry.name.endswith(".json"))
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        if name.startswith("."):
            continue
        try:
            record = json.loads((run.requests / name).read_bytes())
            request = Request(str(record["id"]), str(record["verb"]), float(record["t"]), str(record.get("by", "")))
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if request.verb in VERBS:
            found.append(request)
    return found


def me() -> str:
    """The name of the user of this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
