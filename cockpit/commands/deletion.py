"""Deleting without the screen, and the trash."""

from __future__ import annotations

import time
from argparse import Namespace
from dataclasses import asdict

from cockpit.actions import delete as deleting
from cockpit.actions.permission import make_guard
from cockpit.commands.common import say
from cockpit.commands.consent import with_consent
from cockpit.domain.guard import Question
from cockpit.domain.retention import parse_keep, superfluous
from cockpit.domain.text import age, safe, size
from cockpit.errors import NotPossible, UsageError
from cockpit.project import Project
from cockpit.runs.checkpoints import inspect_checkpoints
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.store import find_run
from cockpit.runs.trash import Trash


def delete(project: Project, arguments: Namespace) -> int:
    """Move checkpoints, or a whole run, to the trash after a yes."""
    if arguments.keep and arguments.checkpoints:
        raise UsageError("--keep says which checkpoints go, and so do names", "Delete which?", "Give one or the other")
    run = find_run(project.runs_folder, arguments.run)
    names = _beyond(run, arguments.keep) if arguments.keep else arguments.checkpoints
    guard = make_guard(project, "cli")

    def plan() -> tuple[deleting.DeletePlan, Question]:
        planned = deleting.plan_delete(run, names)
        return planned, planned.question

    moved = with_consent(
        guard,
        plan,
        lambda planned, permit: deleting.delete(planned, permit, guard),
        arguments,
        run.id,
    )
    lines = [f"{safe(item.name)}  cockpit trash restore {item.id}" for item in moved]
    say([asdict(item) for item in moved], arguments, "\n".join(lines))
    return 0


def _beyond(run: RunPaths, rules: str) -> list[str]:
    """The checkpoints that the rules of ``--keep`` do not name."""
    try:
        keep = parse_keep(rules)
    except ValueError as error:
        raise UsageError(f"--keep: {error}", "Cannot keep that", "Example: --keep best,last,every=1000") from None
    found = superfluous(inspect_checkpoints(run, RunReader(run).poll()), keep)
    if not found:
        raise NotPossible(f"{run.id} has nothing beyond {rules}", "Nothing to delete")
    return [report.checkpoint.name for report in found]


def trash(project: Project, arguments: Namespace) -> int:
    """List, restore or purge what was deleted."""
    bin_ = Trash(project.runs_folder)
    match arguments.verb:
        case "restore":
            if not arguments.ids:
                raise UsageError("Say which", "Nothing to restore", "See them: cockpit trash")
            paths = [str(bin_.restore(bin_.find(one))) for one in arguments.ids]
            say(paths, arguments, "\n".join(map(safe, paths)))
        case "purge":
            guard = make_guard(project, "cli")

            def plan() -> tuple[deleting.PurgePlan, Question]:
                planned = deleting.plan_purge(project, arguments.ids)
                return planned, planned.question

            freed = with_consent(guard, plan, lambda planned, permit: deleting.purge(planned, permit, guard), arguments)
            say({"bytes": freed}, arguments, f"{size(freed)} freed")
        case _:
            items = bin_.items()
            lines = [
                f"{item.id}  {size(item.bytes):>9}  {age(time.time() - item.time):<12} {item.kind} {safe(item.name)}"
                f" ({safe(item.note)})"
                for item in items
            ]
            say([asdict(item) for item in items], arguments, "\n".join(lines) or "The trash is empty.")
    return 0
