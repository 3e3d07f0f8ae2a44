"""Which checkpoints to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.domain.checkpoint import CheckpointReport


@dataclass(frozen=True, slots=True)
class Keep:
    """What a person wants to keep of a run."""

    best: bool = False
    last: bool = False
    every: int | None = None  # steps: those whose step is a multiple of it


def parse_keep(text: str) -> Keep:
    """``best,last,every=1000``.

    Raises:
        ValueError: it says something else.
    """
    best = last = False
    every = None
    for word in text.split(","):
        name, _, number = word.strip().partition("=")
        if name == "every" and number.isdigit() and int(number) > 0:
            every = int(number)
        elif word.strip() == "best":
            best = True
        elif word.strip() == "last":
            last = True
        else:
            raise ValueError(f"{word.strip()!r} is none of best, last, every=STEPS")
    return Keep(best, last, every)


def superfluous(reports: Sequence[CheckpointReport], keep: Keep) -> tuple[CheckpointReport, ...]:
    """Those of a run's checkpoints, newest first, that ``keep`` does not name; aliases are never among them.

    What a script wrote by itself is its own to remove.
    """
    originals = [report for report in reports if not report.alias_of and not report.checkpoint.followed]
    newest = originals[0] if originals else None
    return tuple(report for report in originals if not _kept(report, keep, newest))


def _kept(report: CheckpointReport, keep: Keep, newest: CheckpointReport | None) -> bool:
    step = report.checkpoint.step
    return (
        (keep.best and "best" in report.checkpoint.roles)
        or (keep.last and report is newest)
        or (keep.every is not None and step is not None and step % keep.every == 0)
    )
