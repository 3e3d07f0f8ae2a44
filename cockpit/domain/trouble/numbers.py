"""Numbers that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.text import count, counted, number, safe
from cockpit.domain.trouble.trouble import Trouble

if TYPE_CHECKING:
    from cockpit.domain.run import Checkpoint, RunState

_IN_A_ROW = 10  # skipped steps: the scale has been halved a thousandfold and still overflows
_LEAST_SCALE = 1.0  # below it, gradients are made smaller than they are and vanish in fp16


def nonfinite(state: RunState) -> Trouble | None:
    """A loss, a gradient or a metric is NaN or infinite; a training does not recover from it by itself."""
    if not state.nonfinite:
        return None
    first = state.nonfinite[0]
    others = sorted({safe(each.what, 40) for each in state.nonfinite} - {safe(first.what, 40)})
    many = nonfinite_values(state)
    good = last_good(state)
    none = "no checkpoint before it" + (" is known of" if state.vitals.recorder else "")
    back = f"last good checkpoint: {safe(good.name)}, step {count(good.step)}" if good else none
    also = f", then {', '.join(others)}" if others else ""
    return Trouble(
        "nonfinite",
        "bad",
        f"{safe(first.what, 16)} not finite",
        f"{safe(first.what)} is not finite since step {count(first.step)}{also}; {many}; {back}",
        _way_back(state, good),
        first.step,
        first.time,
    )


def nonfinite_values(state: RunState) -> str:
    """How many there were: ``1 value``, or ``20+ values`` where there are more than are told."""
    known = state.nonfinite_count
    return f"{count(known)}+ values" if state.nonfinite_unnamed else counted(known, "value")


def _way_back(state: RunState, good: Checkpoint | None) -> str:
    """Only what our recorder is in can be replayed with its operations checked."""
    cure = "with a smaller learning rate, clipped gradients or checked data"
    if good is None:
        return f"Start anew {cure}"
    if state.vitals.recorder:
        return f"Go back to that checkpoint {cure}"
    return f"Find the operation: replay from there with anomaly detection (cockpit replay {state.short_id})"


def last_good(state: RunState) -> Checkpoint | None:
    """The newest checkpoint from before the first value that was not finite; None where there is none."""
    first = state.nonfinite[0].step if state.nonfinite else None
    for checkpoint in state.checkpoints:
        before = first is None or (checkpoint.step is not None and checkpoint.step < first)
        if before and checkpoint.finite is not False and checkpoint.name not in state.vitals.damaged:
            return checkpoint
    return None


def skipped_steps(state: RunState) -> Trouble | None:
    """The GradScaler skips step after step; one now and then is how it finds its scale."""
    vitals = state.vitals
    low = vitals.scale is not None and vitals.scale < _LEAST_SCALE
    if vitals.skipped_in_a_row < _IN_A_ROW and not low:
        return None
    return Trouble(
        "skips",
        "bad",
        "fp16 steps skipped",
        f"the GradScaler has skipped {vitals.skipped_in_a_row} steps in a row (scale {number(vitals.scale)}): "
        "nothing is learnt",
        "Train in bf16 (precision: bf16-mixed), or lower the learning rate",
        state.step,
    )
