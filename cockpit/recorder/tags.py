"""What earlier attempts of a run have told: the numbers of its tags, where it is tracked, what they have answered."""

from __future__ import annotations

from cockpit.domain.line import Line
from cockpit.domain.trackers import Tracker
from cockpit.runs.fold import read_trainer
from cockpit.runs.layout import RunPaths


def known_tags(run: RunPaths) -> dict[str, int]:
    """Their numbers, by name: one means the same in the whole file."""
    return {name: tag for tag, name in read_trainer(run).tags.items()}


def known_line(run: RunPaths) -> Line:
    """What happened to its counter of steps."""
    return read_trainer(run).line


def known_trackers(run: RunPaths) -> tuple[Tracker, ...]:
    """The trackers that follow it."""
    return tuple(read_trainer(run).trackers.values())


def answered_requests(run: RunPaths) -> set[str]:
    """Ids of the requests that need no answer any more."""
    return set(read_trainer(run).acknowledged)
