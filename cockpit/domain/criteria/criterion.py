"""What a criterion says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cockpit.domain.glyphs import check_glyph
from cockpit.domain.text import duration

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

OK, WARN, BAD, EARLY, EXPLAINED = "ok", "warn", "bad", "early", "explained"
UNTOLD = "untold"  # the records there are cannot tell, however long one waits


@dataclass(frozen=True, slots=True)
class Criterion:
    """One of the six, judged."""

    key: str
    label: str  # at most 12 characters
    title: str
    status: str  # ok | warn | bad | early | explained | untold
    short: str  # a few words
    evidence: tuple[str, ...]
    todo: str = ""
    since: float | None = None  # when it became what it is, seconds since the epoch

    @property
    def record(self) -> dict[str, Any]:
        """For machines."""
        return {"criterion": self.key, "status": self.status, "evidence": list(self.evidence), "todo": self.todo}

    @property
    def word(self) -> str:
        """The status as a person says it."""
        return {EARLY: "too early", BAD: "fails", WARN: "warns", UNTOLD: "not told"}.get(self.status, self.status)

    def word_at(self, now: float) -> str:
        """The same, and for how long it has been so, once that is a second; ``now`` in seconds since the epoch."""
        held = 0.0 if self.since is None else now - self.since
        return f"{self.word} for {duration(held)}" if held >= 1 else self.word


def worst(*statuses: str) -> str:
    """The gravest of some."""
    return next((s for s in (BAD, WARN, UNTOLD, EXPLAINED) if s in statuses), OK)


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
