"""Checkpoints that are not saved, or soon cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.text import count, counted, duration, safe, size
from cockpit.domain.trend import trend
from cockpit.domain.trouble.trouble import Trouble

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

_LEAST = 512 * 2**20  # bytes
_SOON = 3600.0  # seconds
_LONG_ENOUGH = 120.0  # seconds of samples that a rate is told from
_LATE = 2  # intervals


def disk(state: RunState) -> Trouble | None:
    """The next checkpoint does not fit, or the disk is full within the hour."""
    samples = state.vitals.disk_free
    if not samples:
        return None
    free = samples[-1][1]
    needed = max((c.bytes or 0 for c in state.checkpoints), default=0)
    remedy = f"Make room: cockpit delete {state.short_id} --keep best,last, then cockpit trash purge"
    if free < max(_LEAST, 2 * needed):
        said = f"{size(free)} are free on the disk; a checkpoint takes {size(needed) if needed else 'some of it'}"
        return Trouble("disk", "bad", "disk full", said, remedy, state.step, samples[-1][0])
    slope = trend(samples) if samples[-1][0] - samples[0][0] >= _LONG_ENOUGH else None
    if slope is None or not slope.falls or free / -slope.slope > _SOON:
        return None
    rate = size(-60 * slope.slope)
    said = f"the disk fills by {rate} a minute: {size(free)} are free, full in {duration(free / -slope.slope)}"
    return Trouble("disk", "bad", "disk fills", said, remedy, state.step, samples[0][0])


def save_failed(state: RunState) -> Trouble | None:
    """The latest save has failed."""
    if not state.save_error:
        return None
    said = f"the last save failed: {safe(state.save_error)}; older checkpoints are kept"
    return Trouble("save", "bad", "last save failed", said, "Make room or mend the folder: the next save tries again")


def overdue_checkpoint(state: RunState) -> Trouble | None:
    """The newest checkpoint is older than twice the interval that was set."""
    every, step = state.vitals.conditions.checkpoint_every, state.step
    if not every or step is None:
        return None
    newest = max((c.step for c in state.checkpoints if c.step is not None), default=0)
    ago = step - max(newest, state.vitals.conditions.step)
    if ago <= _LATE * every:
        return None
    said = f"no checkpoint for {counted(ago, 'step')}; one was due every {count(every)}"
    return Trouble("checkpoint", "warn", "checkpoint overdue", said, "Save one now: c", step)
