"""Data come, without the screen."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from cockpit.actions import fetch as fetching
from cockpit.actions.permission import make_guard
from cockpit.commands.common import say
from cockpit.commands.consent import with_consent
from cockpit.domain.guard import Question
from cockpit.domain.text import safe
from cockpit.fetching.download import Stride, Tell
from cockpit.fetching.shelf import Standing
from cockpit.project import Project


def fetch(project: Project, arguments: Namespace) -> int:
    """Download a source after a yes to its facts, or list the sources."""
    if arguments.source is None:
        found = fetching.standings(project)
        lines = [_line(standing) for standing in found]
        say([asdict(standing) for standing in found], arguments, "\n".join(lines) or _none_declared(project))
        return 0
    fetching.find_source(project, arguments.source)
    here = next(s for s in fetching.standings(project) if s.name == arguments.source)
    if not (here.state == "there" and here.verified and not arguments.again):
        here = _fetch(project, arguments)
    say(asdict(here), arguments, f"{_line(here)}\n  {safe(here.target)}")
    return 0


def _fetch(project: Project, arguments: Namespace) -> Standing:
    guard = make_guard(project, "cli")

    def plan() -> tuple[fetching.FetchPlan, Question]:
        planned = fetching.plan_fetch(project, arguments.source)
        return planned, planned.question

    with _bar(quiet=arguments.json) as tell:
        return with_consent(
            guard,
            plan,
            lambda planned, permit: fetching.fetch(planned, permit, guard, tell),
            arguments,
        )


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Tell]:
    """A progress bar on a terminal, nothing elsewhere; it appears with the first byte, after the question."""
    if quiet or not sys.stderr.isatty():
        yield lambda stride: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(binary_units=True),
               TransferSpeedColumn(), TimeRemainingColumn())  # fmt: skip
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    task = progress.add_task("", total=None)

    def tell(stride: Stride) -> None:
        progress.start()
        progress.update(task, description=stride.phase, completed=stride.done, total=stride.total)

    try:
        yield tell
    finally:
        progress.stop()


def _line(standing: Standing) -> str:
    return f"{safe(standing.name):<16} {standing.state:<8} {standing.detail}  {safe(standing.url)}"


def _none_declared(project: Project) -> str:
    return f"{safe(project.settings_file)} declares no source; how: cockpit config --explain"
