"""4: does its memory hold?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.criteria.criterion import BAD, EARLY, OK, UNTOLD, WARN, Criterion
from cockpit.domain.text import duration, pair, safe, size
from cockpit.domain.trend import trend
from cockpit.domain.trouble.memory import LONG_ENOUGH, WARM_UP, leak, near_full, out_of_memory

if TYPE_CHECKING:
    from cockpit.domain.run import RunState
    from cockpit.domain.vitals import Memory


def memory(state: RunState) -> Criterion:
    """Peak and trend of host and GPU memory, and what is left."""
    kinds = state.vitals.memory
    title, label = "Memory monitored", "memory"
    if not kinds and state.vitals.recorder and state.launch is None:
        said = f"{safe(state.vitals.recorder, 60)} tells nothing of memory"
        todo = "Start it with cockpit run: host and GPU memory are sampled then"
        return Criterion("memory", label, title, UNTOLD, "not told", (said,), todo)
    if not kinds:
        silent = state.vitals.conditions.begun is not None and not state.supervised
        status = BAD if silent else EARLY
        todo = "Nobody samples it: its runner is gone; resume it to be watched again" if silent else ""
        return Criterion("memory", label, title, status, "not sampled", ("no sample of host or GPU memory yet",), todo)
    evidence = [_told(state, kind) for kind in kinds]
    if state.gpu_error and not state.device.startswith("cpu"):
        evidence.append(f"GPU not sampled: {safe(state.gpu_error)}")
    trouble = out_of_memory(state) or leak(state) or (near_full(state) if state.goes_on else None)
    if trouble is not None:
        status = BAD if trouble.level == "bad" else WARN
        return Criterion(
            "memory", label, title, status, trouble.short, (trouble.text, *evidence), trouble.todo, trouble.since
        )
    most = max(kinds, key=lambda kind: kind.peak or 0.0)
    return Criterion("memory", label, title, OK, size(most.peak), tuple(evidence), "", kinds[0].used[0][0])


def _told(state: RunState, kind: Memory) -> str:
    """Peak, trend and headroom of one kind."""
    said = f"{kind.name}: peak {size(kind.peak)}"
    begun = (state.vitals.conditions.begun or 0.0) + WARM_UP
    settled = [(t, v) for t, v in kind.used if t >= begun]
    span = settled[-1][0] - settled[0][0] if settled else 0.0
    slope = trend(settled) if span >= LONG_ENOUGH else None
    if slope is None:
        said += f", trend told after {duration(WARM_UP + LONG_ENOUGH)}"
    else:
        low, high = (f"{'-' if edge < 0 else '+'}{size(60 * abs(edge))}" for edge in (slope.low, slope.high))
        said += f", trend {low} to {high} a minute (99 %, Theil–Sen)"
    if kind.taken is not None and kind.total is not None:
        said += f"; {pair(kind.taken, kind.total)} taken, {size(max(0.0, kind.total - kind.taken))} left"
    return said
