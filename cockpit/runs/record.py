"""run.json: everything fixed before the first step, written once."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from cockpit.domain.run import SCHEMA, Launch
from cockpit.errors import RunDamaged
from cockpit.runs.atomic import write_atomic
from cockpit.runs.layout import RunPaths

_TUPLES = ("argv", "overrides", "resume", "git_untracked")


def create_run(runs_folder: Path, launch: Launch, config: bytes | None) -> RunPaths:
    """Make the run directory with its record and its own copy of the config, if it trains one.

    Raises:
        FileExistsError: a run of this id exists already.
        OSError: the folder cannot be written.
    """
    run = RunPaths(runs_folder / launch.id)
    runs_folder.mkdir(parents=True, exist_ok=True)
    run.root.mkdir(mode=0o700)
    for folder in (run.requests, run.checkpoints, run.tmp):
        folder.mkdir(mode=0o700)
    if config is not None:
        write_atomic(run.config, config)
    record = {"schema": SCHEMA, **dataclasses.asdict(launch)}
    write_atomic(run.run_json, json.dumps(record, indent=1, ensure_ascii=True) + "\n")
    return run


def read_launch(run: RunPaths) -> Launch:
    """The record of a run.

    Raises:
        RunDamaged: run.json is missing, does not parse, or was written by a newer cockpit.
    """
    try:
        record: Any = json.loads(run.run_json.read_bytes())
    except FileNotFoundError:
        raise RunDamaged(f"{run.root} has no run.json", "Not a run", "Was it made by cockpit?") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RunDamaged(f"{run.run_json}: {error}", "run.json cannot be read") from None
    if not isinstance(record, dict) or not isinstance(record.get("schema", 0), int):
        raise RunDamaged(f"{run.run_json} is not a record", "run.json cannot be read")
    if record.get("schema", 0) > SCHEMA:
        raise RunDamaged(
            f"{run.id} was written by a newer cockpit (schema {record['schema']}, this one knows {SCHEMA})",
            "Run from a newer cockpit",
            "Upgrade cockpit: pip install -U cockpit-ml",
        )
    known = {field.name for field in dataclasses.fields(Launch)}
    values: dict[str, Any] = {k: v for k, v in record.items() if k in known}
    values |= {name: tuple(values[name]) for name in _TUPLES if isinstance(values.get(name), list)}
    try:
        return Launch(**values)
    except TypeError as error:
        raise RunDamaged(f"{run.run_json}: {error}", "run.json cannot be read") from None
