"""Who allowed what."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from typing import Any

from cockpit.actions.permission import audit_path
from cockpit.commands.common import say
from cockpit.domain.decisions import decided, verdict
from cockpit.domain.text import safe
from cockpit.errors import CockpitError
from cockpit.project import Project
from cockpit.runs.audit import read_audit


def audit(project: Project, arguments: Namespace) -> int:
    """Every question that was answered, and what came of it; 1 where the chain is broken."""
    path = audit_path(project)
    try:
        found = read_audit(path)
    except OSError as error:
        raise CockpitError(f"{path}: {error.strerror}", "The audit cannot be read") from None
    record = {"path": str(path), "whole": not found.problems, "problems": found.problems, "entries": found.entries}
    lines = [_line(entry) for entry in found.entries] or ["Nobody has been asked anything yet."]
    if found.entries and not found.problems:
        lines.append(f"{verdict(len(found.entries), ())}: {safe(path)}")
    say(record, arguments, "\n".join(lines))
    for problem in found.problems:
        print(f"The audit is broken: {safe(path)}: {problem}", file=sys.stderr)
    return 1 if found.problems else 0


def _line(entry: dict[str, Any]) -> str:
    (one,) = decided([entry])
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.time))
    said = one.answer or f"→ {one.outcome}"
    how = f" ({one.how})" if one.how else ""
    detail = f": {one.detail}" if one.detail else ""
    return safe(f"{moment}  {one.action:<9} {one.subject:<20} {said}{how}{detail}  {one.who}, {one.via}", 400)
