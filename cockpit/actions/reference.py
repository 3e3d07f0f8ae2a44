"""Which checkpoint of a run somebody means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cockpit.domain.checkpoint import CheckpointReport
from cockpit.domain.text import safe
from cockpit.errors import NotPossible

_SHOWN = 6  # checkpoints that are named where there is no such one


def find_checkpoint(run_id: str, reports: Sequence[CheckpointReport], reference: str) -> CheckpointReport:
    """The one of this name or path, or the only one whose file or folder is called so.

    Raises:
        NotPossible: there is none; the hint names some that there are.
    """
    path = Path(reference).absolute()
    for report in reports:
        own = report.checkpoint
        if reference in (own.name, own.path) or path == Path(own.path).absolute():
            return report
    called = [report for report in reports if reference == Path(report.checkpoint.path).name]
    if len(called) == 1:
        return called[0]
    names = ", ".join(safe(report.checkpoint.name) for report in reports[:_SHOWN]) or "none"
    raise NotPossible(f"{run_id} has no checkpoint {safe(reference)}", "No such checkpoint", f"There is: {names}")
