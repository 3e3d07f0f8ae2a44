"""The checkpoints of a run as they are on disk: whole or torn, originals or copies, and what each is worth."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cockpit.domain.checkpoint import CheckpointReport, Inspection, guarantee
from cockpit.domain.run import Checkpoint, RunState
from cockpit.runs.archive import damage
from cockpit.runs.atomic import write_atomic
from cockpit.runs.checkpoint_folder import TENSORS, bytes_of, inspect_folder, mark, torn_tensors
from cockpit.runs.layout import RunPaths
from cockpit.runs.pickle_peek import peek

_SCHEMA = 2  # another where a file is looked into in another way
_VERSION = re.compile(r"-v\d+$")  # what Lightning appends where a file of the name exists


def inspect_checkpoints(run: RunPaths, state: RunState) -> tuple[CheckpointReport, ...]:
    """Every checkpoint of a run, newest first.

    Each file is read whole once (0.3 s a GiB) to check its sums; what was found is kept in the run directory, and a
    file that has not changed since is not read again. Blocks: for a worker thread.
    """
    listed = {Path(checkpoint.path): checkpoint for checkpoint in state.checkpoints}
    for path in _files(run):
        listed.setdefault(path, Checkpoint(str(path), path.name))
    found = _inspect(run, {path: checkpoint.name for path, checkpoint in listed.items()})
    reports = []
    for path, checkpoint in listed.items():
        inspection = found[path]
        level, reason = guarantee(state, checkpoint, inspection)
        reports.append(CheckpointReport(_completed(checkpoint, path, inspection), inspection, level, reason))
    reports.sort(key=lambda r: (r.checkpoint.time or 0.0, not _is_alias(r)), reverse=True)
    return _with_aliases(reports)


def _files(run: RunPaths) -> list[Path]:
    try:
        return sorted(path for path in run.checkpoints.iterdir() if path.suffix == ".ckpt" and path.name[0] != ".")
    except OSError:
        return []


def _completed(checkpoint: Checkpoint, path: Path, inspection: Inspection) -> Checkpoint:
    """The journal's word, and the file's own where the journal has none."""
    try:
        status = path.stat()
    except OSError:
        return checkpoint
    return dataclasses.replace(
        checkpoint,
        step=inspection.step if checkpoint.step is None else checkpoint.step,
        epoch=inspection.epoch if checkpoint.epoch is None else checkpoint.epoch,
        bytes=bytes_of(path),
        time=checkpoint.time if checkpoint.time is not None else status.st_mtime,
    )


# -- aliases ----------------------------------------------------------------------------------------------


def _is_alias(report: CheckpointReport) -> bool:
    path = Path(report.checkpoint.path)
    return path.is_symlink() or path.stem.startswith("last") or _VERSION.search(path.stem) is not None


def _with_aliases(reports: list[CheckpointReport]) -> tuple[CheckpointReport, ...]:
    """Name what ``last`` and ``-v1`` duplicates stand for; a link by its target, a copy by step and size."""
    originals = [report for report in reports if not _is_alias(report)]
    newest = max((r.checkpoint.step for r in originals if r.checkpoint.step is not None), default=None)
    done = []
    for report in reports:
        own = report.checkpoint
        others = [r.checkpoint for r in originals if r is not report]
        target = os.path.realpath(own.path)
        twin = next((o for o in others if os.path.realpath(o.path) == target), None)
        if twin is None and _is_alias(report):
            twin = next(
                (o for o in others if (o.step, o.bytes) == (own.step, own.bytes) and own.step is not None), None
            )
        stale = _is_alias(report) and newest is not None and own.step is not None and own.step < newest
        done.append(dataclasses.replace(report, alias_of=twin.name if twin else "", stale=stale))
    return tuple(done)


# -- looking inside, once per file ------------------------------------------------------------------------


def _inspect(run: RunPaths, names: Mapping[Path, str]) -> dict[Path, Inspection]:
    known = _remembered(run)
    marks = {path: mark(path) for path in names}
    found = {p: _as_inspection(known[n]) for p, n in names.items() if known.get(n, {}).get("mark") == marks[p]}
    new = [path for path in names if path not in found]
    if new:
        folders = [path for path in new if path.is_dir()]
        found |= {path: _as_inspection(inspect_folder(path)) for path in folders}
        found |= {path: Inspection(torn_tensors(path)) for path in new if path.suffix == TENSORS and path.is_file()}
        facts = peek([path for path in new if path not in found])
        # a bomb is not unpacked to see whether its sums are right
        found |= {
            path: _as_inspection(known | {"problem": known.get("problem") or damage(path)})
            for path, known in facts.items()
        }
        _remember(run, {n: {"mark": marks[p], **dataclasses.asdict(found[p])} for p, n in names.items()})
    return found


def _as_inspection(facts: dict[str, Any]) -> Inspection:
    names = {field.name for field in dataclasses.fields(Inspection)}
    known = {name: value for name, value in facts.items() if name in names}
    return Inspection(**known | {"foreign": tuple(known.get("foreign", ()))})


def _remembered(run: RunPaths) -> dict[str, Any]:
    try:
        record = json.loads(run.inspected.read_bytes())
        known = record["checkpoints"] if record["schema"] == _SCHEMA else {}
        return {name: facts for name, facts in known.items() if isinstance(facts, dict)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _remember(run: RunPaths, checkpoints: dict[str, Any]) -> None:
    try:
        write_atomic(run.inspected, json.dumps({"schema": _SCHEMA, "checkpoints": checkpoints}) + "\n")
    except OSError:
        return  # a run that may only be read is inspected anew each time
