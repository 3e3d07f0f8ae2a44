"""Looking at what other tools record."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from cockpit.commands.screen import open_here
from cockpit.domain.run import RunState
from cockpit.domain.summary import as_record, json_number
from cockpit.domain.text import safe
from cockpit.errors import UsageError
from cockpit.project import Project


def watch(project: Project, arguments: Namespace) -> int:
    """The dashboard over these paths, without a key that acts; or a record for every run below them.

    Raises:
        UsageError: a path is not there.
    """
    paths = [Path(path).absolute() for path in arguments.paths]
    for path in paths:
        if not path.exists():
            raise UsageError(f"{safe(path)} is not there", "No such path", "Give a file, or a folder that holds runs")
    if not arguments.json:
        return open_here(replace(project, read_only=True), arguments, watch=paths)
    from cockpit.sources.watch import Watch

    following = Watch(paths)
    print(json.dumps([_record(run) for run in following.look_at_all()]))
    return 0


def _record(run: RunState) -> dict[str, Any]:
    judged = [criterion.record for criterion in run.criteria]
    metrics = {tag: json_number(value) for tag, value in run.metrics.items()}
    return as_record(run) | {"metrics": metrics, "good_training": judged}
