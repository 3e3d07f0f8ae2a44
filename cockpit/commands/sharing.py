"""Weights leave the run: into a folder, or to the hub."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from cockpit.actions import export as exporting
from cockpit.actions import share as sharing
from cockpit.actions.permission import make_guard
from cockpit.commands.common import say
from cockpit.commands.consent import with_consent
from cockpit.domain.guard import Question
from cockpit.domain.text import safe
from cockpit.project import Project


def export(project: Project, arguments: Namespace) -> int:
    """Write weights and model card into a new folder."""
    source = exporting.find_source(project, arguments.checkpoint)
    made = exporting.export(project, source, Path(arguments.folder), arguments.format)
    record = {
        "path": str(made.folder), "files": {path.name: path.stat().st_size for path in made.files},
        "parameters": made.parameters, "licence": made.licence or None,
        "left_out": {"secrets": made.taken.secrets, "paths": made.taken.places},
    }  # fmt: skip
    lines = [f"{source.told} is in {safe(made.folder)}; left out: {made.taken}"]
    say(record, arguments, "\n".join([*lines, *(f"  {line}" for line in exporting.told_files(made))]))
    return 0


def share(project: Project, arguments: Namespace) -> int:
    """Upload weights and model card after the repository's name was typed, or allowed."""
    guard = make_guard(project, "cli")

    def plan() -> tuple[sharing.SharePlan, Question]:
        planned = sharing.plan_share(
            project, arguments.checkpoint, arguments.repository, public=arguments.public, kind=arguments.format
        )
        return planned, planned.question

    where = with_consent(guard, plan, lambda planned, permit: sharing.share(planned, permit, guard), arguments)
    visibility = "public" if arguments.public else "private"
    say({"url": where, "visibility": visibility}, arguments, f"It is at {safe(where)} ({visibility}).")
    return 0
