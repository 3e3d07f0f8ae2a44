"""What ended runs came to, in one file beside them: a list of ten thousand runs need not read ten thousand.

The file is a cache. It is believed only as far as the stamps of a run's files agree, it may be deleted at any time,
and nothing in it but lists depends on it.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import os
from collections.abc import Mapping
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


def read_index(runs_folder: Path) -> Known:
    """The runs that are remembered; none where there is no index, or none that this cockpit understands."""
    collecting = gc.isenabled()
    gc.disable()  # ten thousand new objects and no garbage among them
    try:
        record = json.loads((runs_folder / INDEX).read_bytes())
        if record["schema"] != SCHEMA or list(record["columns"]) != ["stamp", *_COLUMNS]:
            return {}
        stamps, *columns = record["columns"].values()
        for column, kinds in zip(columns, _COLUMNS.values(), strict=True):
            if not set(map(type, column)) <= set(kinds):
                return {}
        rows = (dict(zip(_COLUMNS, row, strict=True)) for row in zip(*columns, strict=True))
        return {
            row["id"]: (known, _state(row))
            for known, row in zip(stamps, rows, strict=True)
            if row["path"] == f"{runs_folder}/{row['id']}"  # else the project was moved, or copied from elsewhere
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    finally:
        if collecting:
            gc.enable()


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


def _state(values: dict[str, Any]) -> RunState:
    best = values["best"]
    if best is not None:
        metric, value, step, epoch, mode = best
        values["best"] = Best(str(metric), float(value), step, epoch, str(mode))
    values["state"] = State(values["state"])
    return RunState(launch=None, **values)
