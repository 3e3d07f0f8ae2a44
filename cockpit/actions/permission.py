"""The guard of a project: its policy from ``cockpit.toml``, its decisions into the project's audit."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from cockpit.domain.guard import Decision, Guard
from cockpit.domain.policy import Policy
from cockpit.domain.secrets import redactor
from cockpit.project import Project
from cockpit.runs.audit import AuditLog
from cockpit.runs.layout import AUDIT


def audit_path(project: Project) -> Path:
    """Where the project's audit lies: beside its runs."""
    return project.runs_folder / AUDIT


def make_guard(project: Project, via: str) -> Guard:
    """A guard whose answers and outcomes are all recorded.

    Args:
        project: whose settings say what is refused.
        via: what asks, ``tui`` or ``cli``.
    """

    def record(decision: Decision) -> None:
        AuditLog(audit_path(project), via, redactor(os.environ)).record(decision)

    def policy() -> Policy:
        return replace(project.settings.guard.policy, read_only=project.read_only)

    return Guard(time.monotonic, record, policy)
