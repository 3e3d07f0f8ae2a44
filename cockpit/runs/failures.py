"""What ended a process of a training that is not its first: the first one hears only that a connection was closed.

Each such process writes a document of its own, once.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from cockpit.domain.run import SCHEMA
from cockpit.runs.atomic import write_atomic
from cockpit.runs.fold import text
from cockpit.runs.journal import read_number
from cockpit.runs.layout import RunPaths


@dataclass(frozen=True, slots=True)
class Failure:
    """What one process has raised; ``time`` in seconds since the epoch."""

    time: float
    told: str  # "rank 1: ValueError: ..."
    traceback: str


def write_failure(run: RunPaths, attempt: int, rank: int, kind: str, message: str, traceback: str) -> None:
    """Leave word of it, without secrets.

    Raises:
        OSError: it cannot be written.
    """
    record = {"schema": SCHEMA, "t": time.time(), "type": kind, "message": message, "traceback": traceback}
    write_atomic(run.failure(attempt, rank), json.dumps(record) + "\n")


def first_failure(run: RunPaths, attempt: int, processes: int) -> Failure | None:
    """The earliest of an attempt; None where there is none."""
    found = [failure for rank in range(1, processes) if (failure := _read(run, attempt, rank)) is not None]
    return min(found, key=lambda failure: failure.time, default=None)


def _read(run: RunPaths, attempt: int, rank: int) -> Failure | None:
    try:
        record = json.loads(run.failure(attempt, rank).read_bytes())
        at = read_number(record["t"])
        told = f"rank {rank}: {text(record['type'])}: {text(record['message'])}"
        return Failure(at, told, text(record["traceback"])) if at is not None and record["schema"] == SCHEMA else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
