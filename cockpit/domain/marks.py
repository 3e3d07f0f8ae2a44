"""Changes and notes in words, the same in documents, in lists and beside the chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cockpit.domain.text import count, safe

if TYPE_CHECKING:
    from cockpit.domain.run import Mark

_LEFT_BEHIND = "left behind by a resume"
_LONGEST = 500  # characters


def mark_text(mark: Mark) -> str:
    """What it is about and who it is from."""
    undone = f" ({_LEFT_BEHIND})" if not mark.in_force else ""
    by = f" ({safe(mark.by, 40)})" if mark.by else ""
    return f"{safe(mark.text, _LONGEST)}{undone}{by}"


def limits_after(
    marks: Sequence[Mark], changes: Sequence[str], limits: Mapping[str, int | None]
) -> tuple[dict[str, int | None], bool]:
    """A config's ``limits`` after a resume from a checkpoint, which sets the changes made before it again.

    Args:
        marks: of the run.
        changes: ids of the changes that the checkpoint takes along.
        limits: the config's own, by the names of what can be changed.

    Returns:
        The limits, and whether the changes in force now are those of the checkpoint.
    """
    found = dict(limits)
    for mark in marks:
        if mark.id in changes:
            found |= {n: None if value is None else int(value) for n, value in mark.values.items() if n in limits}
    in_force = {mark.id for mark in marks if mark.kind == "change" and mark.in_force}
    return found, in_force == set(changes)


def taken_along(marks: Sequence[Mark], changes: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a resume from a checkpoint with these changes sets again, and what it leaves behind."""
    told = [
        (mark.id in changes, f"step {count(mark.step)}: {safe(mark.text)}") for mark in marks if mark.kind == "change"
    ]
    return [text for taken, text in told if taken], [text for taken, text in told if not taken]
