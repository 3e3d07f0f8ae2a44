"""The way back: one small file per request, answered once by the trainer, in its journal."""

from __future__ import annotations

import getpass
import json
import os
import time
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from cockpit.domain.text import safe
from cockpit.errors import CannotWrite
from cockpit.runs.atomic import write_atomic
from cockpit.runs.layout import RunPaths

VERBS = ("stop", "checkpoint", "pause", "continue", "modify", "weights")
_LONGEST = 80  # characters of an id, a verb or a name that somebody may have written by hand


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked of a running trainer."""

    id: str
    verb: str
    time: float
    by: str
    values: Mapping[str, Any] = field(default_factory=dict)  # of "modify": by name, not yet checked


def send(run: RunPaths, verb: str, values: Mapping[str, Any] | None = None) -> Request:
    """Leave a request for the trainer.

    Raises:
        ValueError: no such verb.
        CannotWrite: the run directory cannot be written.
    """
    if verb not in VERBS:
        raise ValueError(verb)
    now = time.time()
    request = Request(f"{now:.3f}-{os.urandom(3).hex()}", verb, now, me(), dict(values or {}))
    record = {"schema": 1, "id": request.id, "verb": verb, "t": now, "by": request.by, "values": request.values}
    try:
        write_atomic(run.requests / f"{request.id}.json", json.dumps(record))
    except OSError as error:
        raise CannotWrite(run.requests, error, "The request could not be left") from None
    return request


def pending(run: RunPaths, answered: Container[str]) -> list[Request]:
    """Requests that wait for an answer, oldest first; a verb that nobody here knows waits for its refusal.

    Args:
        run: whose requests.
        answered: ids of those that the journal acknowledges, of whatever attempt.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(run.requests) if entry.name.endswith(".json"))
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        if name.startswith(".") or name.removesuffix(".json") in answered:
            continue
        try:
            record = json.loads((run.requests / name).read_bytes())
            values = record.get("values")
            request = Request(
                str(record["id"])[:_LONGEST],
                str(record["verb"])[:_LONGEST],
                float(record["t"]),
                str(record.get("by", ""))[:_LONGEST],
                values if isinstance(values, dict) else {},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            continue
        if request.id not in answered:
            found.append(request)
    return sorted(found, key=lambda request: request.time)  # names tell only the millisecond


def unknown(request: Request, trainer: str, verbs: tuple[str, ...]) -> str:
    """Why ``trainer`` refuses a request whose verb is none of those it knows."""
    return f"{trainer} cannot {safe(request.verb, 40)}; it knows {', '.join(verbs)}"


def me() -> str:
    """The name of the user of this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
