"""Who allowed what."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from typing import Any

from cockpit.actions.permission import audit_path
from cockpit.commands.common import say
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
        lines.append(f"{len(found.entries)} entries, the chain is whole: {safe(path)}")
    say(record, arguments, "\n".join(lines))
    for problem in found.problems:
        print(f"The audit is broken: {safe(path)}: {problem}", file=sys.stderr)
    return 1 if found.problems else 0


def _line(entry: dict[str, Any]) -> str:
    who = entry.get("who")
    person = who if isinstance(who, dict) else {}
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(float(entry.get("time", 0))))
    said = entry.get("answer") or f"→ {entry.get('outcome')}"
    how = f" ({entry['how']})" if entry.get("how") else ""
    place = f"{person.get('user')}@{person.get('host')}" + (f" from {person['ssh']}" if "ssh" in person else "")
    told = f"{moment}  {entry.get('action'):<9} {entry.get('subject', ''):<20} {said}{how}"
    detail = f": {entry['detail']}" if entry.get("detail") else ""
    return safe(f"{told}{detail}  {place}, {entry.get('via')}", 400)
