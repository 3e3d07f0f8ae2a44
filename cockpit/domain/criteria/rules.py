"""Good training, judged: six criteria, each with its evidence, since when, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.criteria.criterion import Criterion
from cockpit.domain.criteria.keeping import checkpoints, metrics
from cockpit.domain.criteria.learning import gradients, validation
from cockpit.domain.criteria.machine import memory
from cockpit.domain.criteria.origin import reproducible

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

_SIX = (reproducible, metrics, checkpoints, memory, gradients, validation)


def judge(state: RunState) -> tuple[Criterion, ...]:
    """The six, in their order; none before a trainer has said how it begins, or another's record has been read."""
    told = state.vitals.conditions.begun is not None or state.vitals.recorder
    return tuple(rule(state) for rule in _SIX) if told else ()
