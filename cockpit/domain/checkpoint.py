"""What a checkpoint is worth: whether it is whole, and what resuming from it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.domain.run import Checkpoint, RunState

EXACT, STATE_ONLY, UNSAFE, UNKNOWN = "exact", "state only", "unsafe", "unknown"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found inside a checkpoint file, without running anything that is in it."""

    problem: str = ""  # why it cannot be trusted; empty where every checksum is right
    epoch: int | None = None
    step: int | None = None
    foreign: tuple[str, ...] = ()  # globals that torch does not load with weights_only
    random_state: bool = False  # the recorder's own state is in it
    cut_short: bool = False  # saved when ``should_stop`` had ended an epoch early


@dataclass(frozen=True, slots=True)
class CheckpointReport:
    """One checkpoint as the browser shows it."""

    checkpoint: Checkpoint
    inspection: Inspection
    guarantee: str  # EXACT | STATE_ONLY | UNSAFE | UNKNOWN
    reason: str
    alias_of: str = ""  # name of the checkpoint that this one is a copy of or a link to
    stale: bool = False  # an alias ``last`` that is older than the newest checkpoint

    @property
    def verified(self) -> bool:
        """Whether every byte is what was written."""
        return not self.inspection.problem


def guarantee(state: RunState, checkpoint: Checkpoint, found: Inspection) -> tuple[str, str]:
    """What a resume from a checkpoint gives back, and why not more."""
    if found.problem:
        return UNSAFE, found.problem
    if found.foreign:
        return UNSAFE, f"loading it would run code: {', '.join(found.foreign[:3])}"
    if checkpoint.followed:
        return UNKNOWN, "the script's own: it wrote it, and restores from it what it restores"
    if found.cut_short:
        return UNSAFE, "saved after an early stop: a resume would skip the rest of its epoch"
    if not found.random_state:
        return STATE_ONLY, "it has weights, optimizer and counters, but no random state"
    level, why = checkpoint.guarantee or state.guarantee
    return (level, why) if level in (EXACT, UNSAFE) else (STATE_ONLY, why)


def newest_trustworthy(reports: Sequence[CheckpointReport]) -> CheckpointReport | None:
    """What a resume starts from unless a person says otherwise: whole, safe, no alias, and finite if one is.

    Args:
        reports: of one run, newest first.
    """
    safe = [report for report in reports if report.guarantee != UNSAFE and not report.alias_of]
    return next((report for report in safe if report.checkpoint.finite is not False), safe[0] if safe else None)
