"""What a rule says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

# kinds whose step is where they began, and not merely where they were seen
BEGINS = frozenset({"nonfinite", "spike", "divergence", "overfitting", "plateau"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong with a run now."""

    kind: str  # "nonfinite", "stall", ...: one at a time of each
    level: str  # "warn", or "bad", which is worth waking somebody
    short: str  # a few words, for the status line
    text: str  # one sentence with the figures
    todo: str
    step: int | None = None  # where it began
    since: float | None = None  # when, seconds since the epoch


def or_explain(state: RunState, todo: str) -> str:
    """What to do, or to say why nothing is to be done, where there is a run to attach a note to."""
    return f"{todo}; or say why it is expected: n attaches a note" if state.launch is not None else todo
