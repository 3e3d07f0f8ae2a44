"""What a benchmark hands over, and the table that all of them make."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHON = sys.executable
COCKPIT = str(Path(sys.executable).parent / "cockpit")
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Row:
    """One goal: what was measured, against what, and whether it is met."""

    what: str
    ours: str
    against: str
    theirs: str
    ratio: str
    goal: str
    met: bool


def median(values: Iterable[float | None]) -> float:
    """The median of those that were measured."""
    return statistics.median(value for value in values if value is not None)


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table with aligned columns."""
    head = ("what", "cockpit", "against", "", "ratio", "goal", "met")
    cells = [head, *((r.what, r.ours, r.against, r.theirs, r.ratio, r.goal, "yes" if r.met else "NO") for r in rows)]
    widths = [max(3, *(len(line[column]) for line in cells)) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
