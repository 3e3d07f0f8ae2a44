"""What ended runs came to, in one file beside them: a list of ten thousand runs need not read ten thousand.

The file is a cache. It is believed only as far as the stamps of a run's files agree, it may be deleted at any time,
and nothing in it but lists depends on it.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

from cockpit.domain.run import SCHEMA, Best, RunState
from cockpit.domain.state import State
from cockpit.runs.atomic import write_atomic
from cockpit.runs.layout import INDEX, RunPaths

Stamp = str
Known = dict[str, tuple[Stamp, RunState]]  # by run id

_NUMBER, _COUNT = (float, int, type(None)), (int, type(None))
_COLUMNS: dict[str, tuple[type, ...]] = {
    "id": (str,), "name": (str,), "path": (str,), "state": (str,), "evidence": (str,), "updated": (float, int),
    "started": _NUMBER, "ended": _NUMBER, "active_seconds": _NUMBER, "attempt": (int,), "step": _COUNT,
    "steps_total": _COUNT, "epoch": _COUNT, "epochs_total": _COUNT, "steps_per_epoch": _COUNT,
    "loss_train": _NUMBER, "loss_val": _NUMBER, "learning_rate": _NUMBER, "best": (list, type(None)),
    "last_checkpoint": (str, type(None)), "seed": _COUNT, "nonfinite_count": (int,), "exit_code": _COUNT,
    "exit_signal": _COUNT, "bad_records": (int,), "steps_per_second": _NUMBER,
    "verdict": (str,),
}  # fmt: skip
_WATCHED = [RunPaths.journal.name, RunPaths.runner_journal.name, RunPaths.checkpoints.name]


def stamp(run: str) -> Stamp:
    """Changes with everything in a run directory on which the description of an ended run depends."""
    parts = []
    for name in _WATCHED:
        try:
            status = os.stat(f"{run}/{name}")
        except OSError:
            continue
        parts.append(f"{status.st_mtime_ns}.{status.st_size}")
    return " ".join(parts)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collection: ten thousand runs are many new objects and no garbage among them."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def read_index(runs_folder: Path) -> Known:
    """The runs that are remembered; none where there is no index, or none that this cockpit understands."""
    try:
        with uncollected():
            record = json.loads((runs_folder / INDEX).read_bytes())
            if record["schema"] != SCHEMA or list(record["columns"]) != ["stamp", *_COLUMNS]:
                return {}
            stamps, *columns = record["columns"].values()
            for column, kinds in zip(columns, _COLUMNS.values(), strict=True):
                if len(column) != len(stamps) or not set(map(type, column)) <= set(kinds):
                    return {}
            states = _states(dict(zip(_COLUMNS, columns, strict=True)), len(stamps))
            return {
                state.id: (known, state)
                for known, state in zip(stamps, states, strict=True)
                if state.path == f"{runs_folder}/{state.id}"  # else the project was moved, or copied from elsewhere
            }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def write_index(runs_folder: Path, known: Mapping[str, tuple[Stamp, RunState]]) -> None:
    """Remember these runs. That it cannot be written matters to nobody."""
    columns: dict[str, list[Any]] = {"stamp": [written for written, _ in known.values()]}
    for name in _COLUMNS:
        columns[name] = [getattr(state, name) for _, state in known.values()]
    columns["best"] = [best and dataclasses.astuple(best) for best in columns["best"]]
    try:
        write_atomic(runs_folder / INDEX, json.dumps({"schema": SCHEMA, "columns": columns}, separators=(",", ":")))
    except OSError:
        return


def _states(columns: dict[str, Sequence[Any]], count: int) -> list[RunState]:
    """One state a row; set column by column, for the constructor of sixty frozen fields takes five times as long."""
    columns["best"] = [None if best is None else _best(*best) for best in columns["best"]]
    columns["state"] = [*map(State, columns["state"])]
    states = [object.__new__(RunState) for _ in range(count)]
    for field in dataclasses.fields(RunState):
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        column = columns.get(field.name, repeat(None if default is dataclasses.MISSING else default))
        deque(map(getattr(RunState, field.name).__set__, states, column), maxlen=0)
    return states


def _best(metric: object, value: float, step: int | None, epoch: int | None, mode: object) -> Best:
    return Best(str(metric), float(value), step, epoch, str(mode))
