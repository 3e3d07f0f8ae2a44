"""The handoff on disk, written by whoever is there: the cockpit on leaving, the runner when the trainer ends."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from cockpit.domain.checkpoint import newest_trustworthy
from cockpit.domain.edits import edited_lines
from cockpit.domain.handoff import HandoffContext, as_json, markdown, overview
from cockpit.domain.run import Launch, RunState
from cockpit.domain.state import State
from cockpit.errors import CannotWrite
from cockpit.runs.atomic import write_atomic
from cockpit.runs.checkpoints import inspect_checkpoints
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.store import Catalogue


@dataclass(frozen=True, slots=True)
class Handoff:
    """A handoff as it was written."""

    markdown: str
    document: dict[str, object]
    markdown_path: Path
    json_path: Path


def write_handoff(run: RunPaths) -> Handoff:
    """Write ``handoff.md`` and ``handoff.json`` into the run from what is on disk now.

    Raises:
        CannotWrite: the run directory cannot be written.
    """
    handoff = compose_handoff(run)
    try:
        write_atomic(handoff.markdown_path, handoff.markdown)
        write_atomic(handoff.json_path, json.dumps(handoff.document, indent=1, ensure_ascii=True) + "\n")
    except OSError as error:
        raise CannotWrite(run.root, error, "The handoff cannot be written") from None
    return handoff


@dataclass(frozen=True, slots=True)
class Overview:
    """The handoffs of all runs of a project that are not finished, newest first."""

    markdown: str
    documents: list[dict[str, object]]
    path: Path


def write_overview(project: Path, runs_folder: Path) -> Overview:
    """Write ``HANDOFF.md`` into the project.

    Raises:
        CannotWrite: the project cannot be written.
    """
    states = Catalogue(runs_folder).poll()
    handoffs = [compose_handoff(RunPaths(Path(s.path))) for s in states if s.state is not State.FINISHED]
    text = overview(project.name, len(states), [handoff.markdown for handoff in handoffs])
    path = project / "HANDOFF.md"
    try:
        write_atomic(path, text, mode=0o644)
    except OSError as error:
        raise CannotWrite(path, error, "The handoff cannot be written") from None
    return Overview(text, [handoff.document for handoff in handoffs], path)


def compose_handoff(run: RunPaths) -> Handoff:
    """The handoff of a run as of now, not yet written."""
    state = RunReader(run).poll()
    context = _context(run, state)
    return Handoff(markdown(state, context), as_json(state, context), run.handoff_md, run.handoff_json)


def config_changes(launch: Launch, run: RunPaths) -> tuple[str, ...]:
    """Lines in which the user's config file differs today from what the run was launched with."""
    if launch.overrides or not launch.config:
        return ()
    try:
        return edited_lines(run.config.read_text(), Path(launch.config).read_text())
    except (OSError, UnicodeDecodeError) as error:
        return (f"{launch.config}: {error.__class__.__name__}",)


def _cockpit(launch: Launch | None) -> str:
    """The command: that of the run's environment, else of ours."""
    if launch is None:
        return "cockpit"
    own = Path(launch.python).parent / "cockpit"
    return str(own if own.exists() or launch.framework is None else Path(sys.executable).parent / "cockpit")


def _context(run: RunPaths, state: RunState) -> HandoffContext:
    launch = state.launch
    report = newest_trustworthy(inspect_checkpoints(run, state))
    path = report.checkpoint.path if report else None
    plain: tuple[str, ...] = ()
    if launch is not None and launch.argv:
        plain = launch.resume_argv(path) if path else launch.argv
    return HandoffContext(
        cockpit=_cockpit(launch),
        checkpoint=path,
        config_copy=str(run.config),
        without_cockpit=plain,
        config_changes=config_changes(launch, run) if launch else (),
        gpu_reason=state.gpu_error or "no GPU was sampled",
    )
