"""Fetching data: what a source would cost, then the download, never beyond what was agreed to."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.domain.data_source import DataSource
from cockpit.domain.guard import Consent, Fact, Guard, Permit, Question
from cockpit.domain.policy import Action
from cockpit.domain.secrets import redact
from cockpit.domain.text import counted, rough_duration, safe, size
from cockpit.errors import NotPossible, UsageError
from cockpit.fetching.download import Tell, bytes_here, download, kept
from cockpit.fetching.remote import Remote, ask, measure
from cockpit.fetching.shelf import Shelf, Standing
from cockpit.project import Project
from cockpit.runs.layout import ENV_RUN_DIR

_RESERVE = 1 << 30  # bytes of the disk that a download leaves free
_UNTOLD_SHARE = 2  # of the free disk, a file whose length is not told may take one part in so many


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """A download that has been thought through and not begun."""

    project: Project
    name: str
    source: DataSource
    remote: Remote
    limit: int  # bytes that are agreed to
    rate: float | None  # bytes a second, as measured
    question: Question


def standings(project: Project) -> tuple[Standing, ...]:
    """Every declared source and how it stands; nothing is asked of any server."""
    shelf = Shelf(project.data_folder)
    return tuple(shelf.look(name, source) for name, source in project.settings.sources.items())


def find_source(project: Project, name: str) -> DataSource:
    """The declared source of that name.

    Raises:
        UsageError: there is none.
    """
    sources = project.settings.sources
    if name not in sources:
        names = ", ".join(sources) or "none"
        raise UsageError(
            f"{safe(project.settings_file)} declares no source {safe(name)}; there is: {names}",
            "No such source",
            f'[sources.{safe(name)}]  url = "https://…" or "hf:organisation/name"; more: cockpit config --explain',
        )
    return sources[name]


def plan_fetch(project: Project, name: str, before: FetchPlan | None = None) -> FetchPlan:
    """Ask the server of one source what a download of it would be.

    Args:
        project: declares the source.
        name: of the source.
        before: an earlier plan, whose limit and measured speed stay.

    Raises:
        UsageError: there is no such source.
        SourceError: the server cannot be reached, or does not have it.
        NotPossible: the disk is too small for it, or somebody asks from inside a run.
    """
    if ENV_RUN_DIR in os.environ:
        raise NotPossible("This is inside a run, and a run gives itself no permission", "Nothing was downloaded")
    source = find_source(project, name)
    remote = ask(name, source)
    shelf = Shelf(project.data_folder)
    free = shutil.disk_usage(_existing(shelf.raw)).free
    here = bytes_here(shelf, name, remote)
    limit = before.limit if before and remote.bytes is None else _limit(remote, source, free)
    if limit > free + here or not (limit or remote.bytes == 0):
        raise NotPossible(
            f"{name} needs {size(limit)}, of which {size(here)} are here, and {size(free)} of the disk are free",
            "The disk is too small for it",
        )
    rate = before.rate if before else measure(remote)
    return FetchPlan(
        project, name, source, remote, limit, rate,
        _question(project, name, source, remote, limit, _moment(remote, here, free, rate)),
    )  # fmt: skip


def fetch(
    plan: FetchPlan,
    permit: Permit,
    guard: Guard,
    tell: Tell,
    pause: Callable[[float], None] = time.sleep,
) -> Standing:
    """Download what a person has agreed to; ``tell`` may end it by raising, and what came stays.

    Raises:
        PermitVoid: the permit does not cover it, or the facts have changed since.
        SourceError: it was cut, or what came is not what was agreed to; says which.
        CannotWrite: the disk is full.
    """
    again = plan_fetch(plan.project, plan.name, plan)
    shelf = Shelf(plan.project.data_folder)
    with guard.spend(permit, again.question):
        download(again.name, again.source, again.remote, again.limit, shelf, tell, pause)
    return shelf.look(plan.name, plan.source)


def _limit(remote: Remote, source: DataSource, free: int) -> int:
    """The bytes that a yes is to."""
    if remote.bytes is not None:
        return remote.bytes
    if source.size is not None:
        return source.size
    room = max(0, free - _RESERVE) // _UNTOLD_SHARE
    digit: int = 10 ** max(0, len(str(room)) - 1)
    return room // digit * digit


def _question(
    project: Project, name: str, source: DataSource, remote: Remote, limit: int, moment: Sequence[Fact]
) -> Question:
    told, shelf = remote.bytes, Shelf(project.data_folder)
    unlike = source.size is not None and told is not None and source.size != told
    light = told is not None and told <= project.settings.guard.light_bytes and not unlike
    files = f", in {len(remote.files)} files" if len(remote.files) > 1 else ""
    facts = [
        Fact("source", safe(redact(source.url)) + (f" at {safe(remote.revision, 12)}" if remote.revision else "")),
        Fact("size", _exactly(told) + files, "" if light else "warn"),
    ]
    if remote.host:  # which of its mirrors makes no difference to what has a checksum
        facts.append(Fact("comes from", safe(remote.host), "warn", moving=all(f.checksum for f in remote.files)))
    if told is None:
        facts.append(Fact("stops after", _exactly(limit), "warn"))
    if unlike:
        facts.append(Fact("declared", f"{_exactly(source.size)}: not what the server has", "bad"))
    facts += [
        *moment,
        Fact("licence", safe(remote.licence) or "not known", "" if remote.licence else "warn"),
        _checksum_fact(remote),
        Fact("target", safe(shelf.path(source.place(name)))),
    ]
    if any(shelf.path(file.name).exists() and not kept(shelf, name, file) for file in remote.files):
        facts.append(Fact("replaces", "what lies there under the same name", "warn"))
    if source.url.startswith("http://"):
        facts.append(Fact("on the way", "not encrypted", "warn"))
    if source.token:
        facts.append(Fact("signs in", "with your token of the hub", "warn"))
    return Question(
        action=Action.DOWNLOAD,
        subject=name,
        title=f"Download {safe(name)}?",
        will="It is fetched over the network. It can be stopped at any time, and gone on with.",
        facts=tuple(facts),
        cannot_undo="What it costs to transfer is spent.",
        yes="Download",
        consent=Consent.LIGHT if light else Consent.TYPED,
    )


def _exactly(bytes_: int | None) -> str:
    return "not told by the server" if bytes_ is None else f"{size(bytes_)} ({counted(bytes_, 'byte')})"


def _moment(remote: Remote, here: int, free: int, rate: float | None) -> list[Fact]:
    """What is another figure at every look."""
    left = None if remote.bytes is None else remote.bytes - here
    facts = [Fact("free disk", size(free), moving=True), Fact("takes", _takes(left, rate), moving=True)]
    return [*facts, Fact("here already", f"{size(here)} of it", moving=True)] if here else facts


def _takes(left: int | None, rate: float | None) -> str:
    if rate is None:
        return "not known: the speed could not be measured"
    if left is None:
        return f"not known, at {size(rate)}/s"
    took = f"about {rough_duration(left / rate)}" if left >= rate else "less than a second"
    return f"{took} at {size(rate)}/s"


def _checksum_fact(remote: Remote) -> Fact:
    known = sum(bool(file.checksum) for file in remote.files)
    if known == len(remote.files):
        return Fact("checksum", f"known: {remote.files[0].checksum[:19]}…" if known == 1 else "known for every file")
    unknown = f"known for {known} of {counted(len(remote.files), 'file')}" if known else "none is known"
    return Fact("checksum", f"{unknown}: nobody can tell whether it is the right data", "warn")


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
