"""Good training, judged: six criteria, each with its evidence, since when, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cockpit.domain.criteria.criterion import BAD, EARLY, EXPLAINED, OK, UNTOLD, WARN, Criterion
from cockpit.domain.criteria.keeping import checkpoints, metrics
from cockpit.domain.criteria.learning import gradients, validation
from cockpit.domain.criteria.machine import memory
from cockpit.domain.criteria.origin import reproducible
from cockpit.domain.glyphs import check_glyph

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

__all__ = ["BAD", "EARLY", "EXPLAINED", "OK", "UNTOLD", "WARN", "Criterion", "judge", "summary", "unjudged"]

_SIX = (reproducible, metrics, checkpoints, memory, gradients, validation)


def judge(state: RunState) -> tuple[Criterion, ...]:
    """The six, in their order; none before a trainer has said how it begins, or another's record has been read."""
    told = state.vitals.conditions.begun is not None or state.vitals.recorder
    return tuple(rule(state) for rule in _SIX) if told else ()


def unjudged(state: RunState) -> str:
    """Why there are no criteria, in few enough cells for a panel."""
    if state.step is not None:
        return "still being read"
    return "it left no record" if state.ended is not None else "too early, no record yet"


def summary(criteria: Iterable[Criterion]) -> str:
    """``✓5 ⚠1``: how many are met, warn, fail, and are not told; what it is too early for is left out."""
    counts = {OK: 0, WARN: 0, BAD: 0, UNTOLD: 0}
    for criterion in criteria:
        if criterion.status != EARLY:
            counts[OK if criterion.status == EXPLAINED else criterion.status] += 1
    return " ".join(f"{check_glyph(status)}{number}" for status, number in counts.items() if number)
