"""What a criterion says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cockpit.domain.text import duration

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
