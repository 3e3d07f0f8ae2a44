"""Memory that runs out, or will."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cockpit.domain.causes import error_line
from cockpit.domain.text import duration, pair, safe, size
from cockpit.domain.trend import Trend, trend
from cockpit.domain.trouble.trouble import Trouble
from cockpit.domain.vitals import Memory

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

WARM_UP = 30.0  # seconds in which caches and allocators fill
LONG_ENOUGH = 120.0  # seconds of samples that a leak is told from
_RISE, _RISE_SHARE = 128 * 2**20, 0.03  # bytes, and of what was in use: less is not worth a word
_HOST_FULL, _GPU_FULL = 0.95, 0.98  # torch's allocator keeps what it once had, so a full GPU is usual
_OOM = re.compile(r"(?i)out ?of ?memory|cannot allocate memory|can't allocate memory")


def leak(state: RunState, *, warm_up: float = WARM_UP, long_enough: float = LONG_ENOUGH) -> Trouble | None:
    """Memory in use rises, in both halves of the time since the start, and not by chance."""
    begun = state.vitals.conditions.begun
    for memory in state.vitals.memory if begun is not None else ():
        slope = rise(memory, (begun or 0.0) + warm_up, long_enough)
        if slope is None:
            continue
        free = memory.total - memory.taken if memory.total is not None and memory.taken is not None else None
        left = f"; full in {duration(free / slope.slope)}" if free is not None else ""
        return Trouble(
            "leak",
            "warn",
            f"{memory.name} memory leaks",
            f"{memory.name} memory rises by {_per_minute(slope)}{left}",
            "Look for tensors kept with their graph (a loss added up without .item()), growing lists, caches",
            None,
            memory.used[0][0],
        )
    return None


def rise(memory: Memory, since: float, long_enough: float) -> Trend | None:
    """The slope of memory that leaks, bytes a second; None where it does not, or it is too early to say."""
    used = [(t, v) for t, v in memory.used if t >= since]
    if len(used) < 20 or used[-1][0] - used[0][0] < long_enough:
        return None
    half = len(used) // 2
    whole, first, last = trend(used), trend(used[:half]), trend(used[half:])
    if whole is None or first is None or last is None or not (whole.rises and first.rises and last.rises):
        return None
    if whole.slope * (used[-1][0] - used[0][0]) < max(_RISE, _RISE_SHARE * used[0][1]):
        return None
    # what slows down is a cache that fills
    return whole if last.slope > 0.5 * first.slope else None


def _per_minute(slope: Trend) -> str:
    low, high = size(60 * slope.low), size(60 * slope.high)
    return f"{size(60 * slope.slope)} a minute (99 %: {low} to {high}, Theil–Sen)"


def near_full(state: RunState) -> Trouble | None:
    """Hardly any memory is left."""
    for memory in state.vitals.memory:
        limit = _HOST_FULL if memory.name == "host" else _GPU_FULL
        if memory.taken is None or not memory.total or memory.taken < limit * memory.total:
            continue
        return Trouble(
            "memory",
            "bad" if memory.name == "host" else "warn",
            f"{memory.name} memory full",
            f"{memory.name} memory is at {pair(memory.taken, memory.total)}",
            "Fewer loader workers" if memory.name == "host" else "A smaller batch, or gradient checkpointing",
            state.step,
        )
    return None


def out_of_memory(state: RunState) -> Trouble | None:
    """It ended because memory ran out."""
    said = next((text for text in (error_line(state.exception), state.evidence) if _OOM.search(text)), "")
    if state.state.active or not said:
        return None
    gpu = "cuda" in said.lower()
    remedy = "Resume with a smaller batch and more accumulation, or gradient checkpointing"
    return Trouble(
        "oom",
        "bad",
        "out of memory",
        f"{'GPU' if gpu else 'host'} memory ran out at step {state.step}: {safe(said, 160)}",
        remedy if gpu else "Fewer loader workers, smaller caches; see what else uses this machine",
        state.step,
        state.ended,
    )
