"""Steps that do not come, or wait for their data."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from cockpit.domain.state import State
from cockpit.domain.text import counted, safe
from cockpit.domain.trouble.trouble import Trouble

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

_IDLE = 5.0  # percent of utilisation
_LOOKS = 10  # samples that must all be idle
_WINDOWS = 8  # of about a second
_STARVED = 0.5  # share of the time


def stall(state: RunState) -> Trouble | None:
    """No step in ten times its own pace; where nothing computes either, it hangs."""
    if state.state is not State.STALLED:
        return None
    name, samples = state.vitals.busy
    lately = [value for _, value in samples[-_LOOKS:]]
    hangs = len(lately) == _LOOKS and max(lately) < _IDLE
    doing = f"; {name} idle: it hangs" if hangs else f"; {name} at {lately[-1]:.0f} %" if lately else ""
    return Trouble(
        "stall",
        "bad",
        "hangs" if hangs else "stalled",
        f"{safe(state.evidence)}{doing}",
        f"See where it is: t writes every Python stack into the log (cockpit stacks {state.short_id})",
        state.step,
        state.vitals.last_point,
    )


def starvation(state: RunState) -> Trouble | None:
    """Most of the time goes into waiting for the next batch."""
    lately = state.vitals.waits[-_WINDOWS:]
    if len(lately) < _WINDOWS:
        return None
    share = statistics.median(value for _, value in lately)
    if share < _STARVED:
        return None
    workers = state.vitals.conditions.workers
    now = "" if workers is None else f"; the loader has {counted(workers, 'worker')}"
    return Trouble(
        "starvation",
        "warn",
        "waits for data",
        f"{share:.0%} of the time is spent waiting for data{now}",
        "Raise num_workers, cache what is computed per sample, or move the data to a faster disk",
        state.step,
        lately[0][0],
    )
