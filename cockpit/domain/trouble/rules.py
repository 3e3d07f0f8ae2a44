"""Trouble, named when it happens: one rule, one small function of what is known of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.trouble.curves import divergence, overfitting, plateau, spike
from cockpit.domain.trouble.memory import leak, near_full, out_of_memory
from cockpit.domain.trouble.numbers import nonfinite, skipped_steps
from cockpit.domain.trouble.pace import stall, starvation
from cockpit.domain.trouble.resume import not_resumed
from cockpit.domain.trouble.storage import disk, overdue_checkpoint, save_failed
from cockpit.domain.trouble.trouble import Trouble

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

# the gravest first; those of an ended run say what it ended with
_ALWAYS = (out_of_memory, nonfinite, divergence, save_failed, not_resumed)
_ALIVE = (stall, disk, skipped_steps, near_full, leak, spike, starvation, overdue_checkpoint, overfitting, plateau)


def troubles(state: RunState) -> tuple[Trouble, ...]:
    """What is wrong with the run, the gravest first."""
    rules = (*_ALWAYS, *_ALIVE) if state.goes_on else _ALWAYS
    found = [trouble for rule in rules if (trouble := rule(state)) is not None]
    return tuple(sorted(found, key=lambda trouble: trouble.level != "bad"))
