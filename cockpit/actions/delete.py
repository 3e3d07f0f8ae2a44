"""Deleting checkpoints and runs: into the trash, out of it again, and for good."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.actions.digest import digest
from cockpit.actions.reference import find_checkpoint
from cockpit.domain.checkpoint import CheckpointReport, newest_trustworthy
from cockpit.domain.guard import Consent, Fact, Guard, Permit, Question
from cockpit.domain.policy import Action
from cockpit.domain.run import RunState
from cockpit.domain.state import State
from cockpit.domain.text import count, number, safe, size
from cockpit.errors import NotPossible
from cockpit.project import Project
from cockpit.runs.checkpoints import inspect_checkpoints
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.store import run_folders
from cockpit.runs.trash import Trash, Trashed

_UNDO = "Until it is purged, `cockpit trash restore` (or u) brings it back."
_SHOWN = 6  # checkpoints told one by one


@dataclass(frozen=True, slots=True)
class Doomed:
    """One thing that would be moved, as it was when it was looked at."""

    path: Path
    kind: str
    note: str
    inode: int


@dataclass(frozen=True, slots=True)
class DeletePlan:
    """A deletion that has been thought through and not begun."""

    run: RunPaths
    doomed: tuple[Doomed, ...]
    question: Question


def plan_delete(run: RunPaths, names: Sequence[str] = ()) -> DeletePlan:
    """Look at what deleting these checkpoints would do, or the whole run where none is named.

    Raises:
        NotPossible: one of them must not be deleted: it is a link or what one points to, the newest of an active
            run, outside the run's folder; or the run still has processes.
    """
    state = RunReader(run).poll()
    return _checkpoints(run, state, names) if names else _whole_run(run, state)


def delete(plan: DeletePlan, permit: Permit, guard: Guard) -> tuple[Trashed, ...]:
    """Move to the trash what a person has agreed to.

    Raises:
        PermitVoid: the permit does not cover it, or the facts have changed since.
        NotPossible: what lies there is not what was looked at.
        CannotWrite: the file system refused.
    """
    again = plan_delete(plan.run, [doomed.path.name for doomed in plan.doomed if doomed.kind == "checkpoint"])
    trash = Trash(plan.run.root.parent)
    with guard.spend(permit, again.question):
        return tuple(trash.put(d.path, d.kind, d.note, d.inode) for d in plan.doomed)


def _checkpoints(run: RunPaths, state: RunState, names: Sequence[str]) -> DeletePlan:
    reports = inspect_checkpoints(run, state)
    chosen = [find_checkpoint(run.id, reports, name) for name in names]
    for report in chosen:
        _expect_deletable(run, state, reports, report)
    left = [report for report in reports if report not in chosen and not report.alias_of]
    freed = sum(report.checkpoint.bytes or 0 for report in chosen)
    facts = [Fact("checkpoint", _describe(report), _level(report)) for report in chosen[:_SHOWN]]
    if len(chosen) > _SHOWN:
        names = _list([report.checkpoint.path for report in chosen])
        facts.append(Fact("checkpoint", f"and {len(chosen) - _SHOWN} more ({names})"))
    facts += [Fact("size", f"{size(freed)}; the disk has it back when it is purged"), _left(left)]
    facts += [Fact("resumed from", f"by {other}", "warn") for other in _resumed_from(run, chosen)]
    what = safe(chosen[0].checkpoint.name) if len(chosen) == 1 else f"{len(chosen)} checkpoints"
    question = Question(
        action=Action.DELETE,
        subject=state.short_id,
        title=f"Delete {what} of {safe(state.name)} {state.short_id}?",
        will="It goes to the trash of this project." if len(chosen) == 1 else "They go to the trash of this project.",
        facts=tuple(facts),
        cannot_undo=_UNDO,
        yes="Delete",
    )
    doomed = tuple(
        Doomed(Path(r.checkpoint.path), "checkpoint", _worth(r), os.lstat(r.checkpoint.path).st_ino) for r in chosen
    )
    return DeletePlan(run, doomed, question)


def _whole_run(run: RunPaths, state: RunState) -> DeletePlan:
    if state.state.active or state.state is State.UNKNOWN or state.remaining:
        raise NotPossible(f"{state.id} is {safe(state.told)}", "Not while it may be at work", "Stop it first")
    if run.root.is_symlink():
        raise NotPossible(f"{safe(run.root)} is a link", "Not deleted")
    reports = [report for report in inspect_checkpoints(run, state) if not report.checkpoint.followed]
    best = f"{safe(state.best.metric)} {number(state.best.value)}" if state.best else "none"
    question = Question(
        action=Action.DELETE,
        subject=state.short_id,
        title=f"Delete the run {safe(state.name)} {state.short_id}?",
        will="Its whole folder goes to the trash of this project: curves, checkpoints, log and handoff.",
        facts=(
            Fact("state", safe(state.told)),
            Fact("steps", count(state.step)),
            Fact("best", best),
            Fact("checkpoints", f"{len(reports)}, {size(sum(r.checkpoint.bytes or 0 for r in reports))}"),
            *(Fact("resumed from", f"by {other}", "warn") for other in _resumed_from(run, reports)),
        ),
        cannot_undo=_UNDO,
        yes="Delete",
        consent=Consent.TYPED,
    )
    return DeletePlan(run, (Doomed(run.root, "run", f"{state.state}, {best}", run.root.lstat().st_ino),), question)


def _expect_deletable(
    run: RunPaths, state: RunState, reports: Sequence[CheckpointReport], report: CheckpointReport
) -> None:
    path = Path(report.checkpoint.path)
    name = safe(path.name)
    if report.checkpoint.followed:
        raise NotPossible(f"{name} is the script's own: it wrote it, and may need it", "Not deleted", "Use rm")
    if path.is_symlink():
        raise NotPossible(f"{name} is a link; what it points to is another file", "Not deleted")
    if path.parent.resolve() != run.checkpoints.resolve() or run.checkpoints.is_symlink() or not path.is_file():
        raise NotPossible(f"{safe(path)} is not a file in the run's checkpoints", "Not deleted")
    links = [link.name for link in run.checkpoints.iterdir() if link.is_symlink() and link.resolve() == path.resolve()]
    if links:
        raise NotPossible(f"{safe(links[0])} points to {name}", "Not deleted", "Delete the link by hand first")
    at_work = state.state.active or state.state is State.UNKNOWN  # on another host, for one
    if at_work and report is newest_trustworthy(reports):
        raise NotPossible(f"{name} is the newest of a run that is {state.state}", "Not deleted", "Stop the run first")


def _list(names: Sequence[str]) -> str:
    """A yes is to these very things, also to those that find no room in the question."""
    return f"list {digest(chr(0).join(names))}"


def _describe(report: CheckpointReport) -> str:
    return f"{safe(report.checkpoint.name)}, {_worth(report)}"


def _worth(report: CheckpointReport) -> str:
    own = report.checkpoint
    score = f", {safe(own.metric or 'metric')} {number(own.value)}" if own.value is not None else ""
    roles = f", {', '.join(own.roles)}" if own.roles else ""
    return f"step {count(own.step)}{score}{roles}"


def _level(report: CheckpointReport) -> str:
    return "warn" if {"best", "stopped", "interrupted"} & set(report.checkpoint.roles) else ""


def _left(left: Sequence[CheckpointReport]) -> Fact:
    best = newest_trustworthy(left)
    if best is None:
        return Fact("left", "none: the run can no longer be resumed", "bad")
    if best.checkpoint.finite is False:
        return Fact("left", f"{len(left)}, none of them finite: training cannot recover from them", "bad")
    return Fact("left", f"{len(left)}, the newest good one at step {count(best.checkpoint.step)}")


def _resumed_from(run: RunPaths, reports: Sequence[CheckpointReport]) -> list[str]:
    """Other runs that began from one of these."""
    paths = {report.checkpoint.path for report in reports}
    found = []
    for other in run_folders(run.root.parent):
        if other.id == run.id:
            continue
        for attempt in other.attempts.glob("*.json"):
            try:
                if json.loads(attempt.read_bytes()).get("checkpoint") in paths:
                    found.append(other.id)
                    break
            except (OSError, ValueError, AttributeError):
                continue
    return found


@dataclass(frozen=True, slots=True)
class PurgePlan:
    """A purge that has been thought through and not begun."""

    project: Project
    items: tuple[Trashed, ...]
    question: Question


def plan_purge(project: Project, ids: Sequence[str] = ()) -> PurgePlan:
    """Look at what purging these entries of the trash would remove, or all of them.

    Raises:
        NotPossible: the trash is empty.
    """
    trash = Trash(project.runs_folder)
    items = tuple(trash.find(one) for one in ids) if ids else trash.items()
    if not items:
        raise NotPossible("The trash of this project is empty", "Nothing to purge")
    told = [Fact(item.kind, f"{safe(item.name)} ({safe(item.note)}), {item.id}") for item in items[:_SHOWN]]
    rest = items[_SHOWN:]
    more = [Fact("and", f"{len(rest)} more ({_list([item.id for item in rest])})")] if rest else []
    question = Question(
        action=Action.DELETE,
        subject=project.name,
        title=f"Purge {len(items)} {'entry' if len(items) == 1 else 'entries'} from the trash of {safe(project.name)}?",
        will="What lies there is removed for good.",
        facts=(*told, *more, Fact("frees", size(sum(item.bytes for item in items)))),
        cannot_undo="Nothing brings it back.",
        yes="Purge",
        consent=Consent.TYPED,
    )
    return PurgePlan(project, items, question)


def purge(plan: PurgePlan, permit: Permit, guard: Guard) -> int:
    """Remove for good what a person has agreed to; gives the bytes.

    Raises:
        PermitVoid: the permit does not cover it, or the facts have changed since.
    """
    again = plan_purge(plan.project, [item.id for item in plan.items])
    with guard.spend(permit, again.question):
        return Trash(plan.project.runs_folder).purge(again.items)
