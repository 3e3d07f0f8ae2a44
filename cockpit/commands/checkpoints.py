"""The checkpoints of a run in print."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from typing import Any

from cockpit.domain.checkpoint import CheckpointReport
from cockpit.domain.text import age, count, number, safe, size
from cockpit.project import Project
from cockpit.runs.checkpoints import inspect_checkpoints
from cockpit.runs.reader import RunReader
from cockpit.runs.store import find_run


def checkpoints(project: Project, arguments: Namespace) -> int:
    """A line a checkpoint, newest first; 1 where one of them is damaged."""
    run = find_run(project.runs_folder, arguments.run)
    reports = inspect_checkpoints(run, RunReader(run).poll())
    if arguments.json:
        print(json.dumps([_record(report) for report in reports]))
    elif not reports:
        print(f"{run.id} has no checkpoint yet.")
    for report in () if arguments.json else reports:
        print(_line(report))
    return 0 if all(report.verified for report in reports) else 1


def _line(report: CheckpointReport) -> str:
    own = report.checkpoint
    sign = "✓" if report.verified else "✗"
    roles = ", ".join((*own.roles, *(["stale"] if report.stale else [])))
    alias = f" = {safe(report.alias_of)}" if report.alias_of else ""
    value = f"{safe(own.metric)} {number(own.value)}" if own.value is not None else "–"
    ago = age(time.time() - own.time) if own.time is not None else "–"
    head = f"{sign} step {count(own.step):>9}  epoch {count(own.epoch):>4}  {value:<18} {size(own.bytes):>9}  {ago:<12}"
    return f"{head} {report.guarantee:<10} {roles:<10} {safe(own.name)}{alias}\n    {safe(report.reason, 400)}"


def _record(report: CheckpointReport) -> dict[str, Any]:
    own = report.checkpoint
    return {
        "path": own.path, "step": own.step, "epoch": own.epoch, "metric": own.metric, "value": own.value,
        "bytes": own.bytes, "time": own.time, "roles": list(own.roles), "alias_of": report.alias_of or None,
        "stale": report.stale, "verified": report.verified, "finite": own.finite, "guarantee": report.guarantee,
        "reason": report.reason, "foreign_globals": list(report.inspection.foreign),
    }  # fmt: skip
