"""Running the remedy of a check that failed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from typing import TextIO

from cockpit.actions.environment import child_environment
from cockpit.domain.checklist import Check
from cockpit.domain.guard import Fact, Guard, Permit, Question
from cockpit.domain.policy import Action
from cockpit.domain.text import safe
from cockpit.errors import LaunchError
from cockpit.project import Project


def fixable(checks: Sequence[Check]) -> tuple[Check, ...]:
    """Those whose remedy can be run for a person."""
    return tuple(check for check in checks if check.status != "ok" and check.remedy and check.mends)


def fix_question(project: Project, check: Check) -> Question:
    """What is asked before a remedy is run."""
    return Question(
        action=Action.PREPARE,
        subject=check.key,
        title=f"Mend {check.label}?",
        will="The remedy is run here and its output shown; then the project is looked at again.",
        facts=(Fact("found", safe(check.detail, 400)), Fact("runs in", safe(project.root, 200))),
        cannot_undo="",
        yes="Run it",
        command=check.remedy,
    )


def fix(project: Project, check: Check, permit: Permit, guard: Guard, output: TextIO) -> int:
    """Run the remedy as a person would paste it; returns its exit code. It gets no API key.

    Raises:
        PermitVoid: the permit does not cover it.
        LaunchError: there is no shell.
    """
    environment = child_environment(project, b"", test=True).apply(os.environ)
    with guard.spend(permit, fix_question(project, check)):
        output.flush()
        try:
            done = subprocess.run(
                ["bash", "-c", check.remedy],
                cwd=project.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                check=False,
            )
        except OSError as error:
            raise LaunchError(f"bash: {error.strerror}", "Cannot run the remedy") from None
    return done.returncode
