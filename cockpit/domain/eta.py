"""How long a run still takes, measured on its own recent steps, with the range it may fall in."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cockpit.domain.lifecycle import STALL_FACTOR, STALL_FLOOR
from cockpit.domain.run import Eta
from cockpit.domain.text import age, counted

FEWEST = 5  # intervals below which a figure would be a guess
WARM_UP = 20  # steps after each start that are slower than the rest (allocator, caches, compilation)

_OLD = 600.0  # seconds after which records are too old to go by, where their distance is not known

Pace = tuple[float, float, float]  # p25, median, p75 of the step interval, in seconds


@dataclass(frozen=True, slots=True)
class EtaInputs:
    """What the estimate rests on; durations in seconds."""

    step: int
    steps_total: int | None
    intervals: tuple[float, ...]
    validate_every: int | None = None  # steps
    validation_seconds: tuple[float, ...] = ()
    checkpoint_every: int | None = None  # steps
    checkpoint_seconds: tuple[float, ...] = ()
    early_stopping: bool = False
    max_seconds: float | None = None
    elapsed: float = 0.0


def step_intervals(
    times: Sequence[float], breaks: Sequence[tuple[float, float]], *, begun: float | None = None
) -> list[float]:
    """Seconds between consecutive steps, without those that span a break.

    Args:
        times: when each recent step ended, ascending.
        breaks: (start, end) of validations, saves and pauses.
        begun: when the attempt began, if ``times`` reach back to it: its first steps are left out, as long as
            enough others remain.
    """
    intervals = []
    pending = sorted(breaks)
    index = 0
    for before, after in pairwise(times):
        while index < len(pending) and pending[index][1] <= before:
            index += 1
        interrupted = index < len(pending) and pending[index][0] < after
        if not interrupted and after > before:
            intervals.append(after - before)
    if begun is not None and times and len(intervals) > WARM_UP + FEWEST and times[0] - begun < 60:
        return intervals[WARM_UP:]
    return intervals


def pace(intervals: Sequence[float]) -> Pace | None:
    """Quartiles of the step interval; None while there are too few to say."""
    if len(intervals) < FEWEST:
        return None
    low, middle, high = statistics.quantiles(intervals, n=4, method="inclusive")
    return low, middle, high


def estimate(inputs: EtaInputs) -> Eta:
    """Time left: steps left x pace + validations left x their time + checkpoints left x theirs.

    Capped by ``max_seconds``; without a known length only a rate can be given.
    """
    if inputs.steps_total is None:
        return Eta(None, reason="length unknown")
    left = max(0, inputs.steps_total - inputs.step)
    quartiles = pace(inputs.intervals)
    if quartiles is None:
        return Eta(None, reason=f"measuring, {counted(FEWEST - len(inputs.intervals), 'more step')}")
    extra = _times_left(inputs, inputs.validate_every, inputs.validation_seconds)
    extra += _times_left(inputs, inputs.checkpoint_every, inputs.checkpoint_seconds)
    low, middle, high = (_capped(left * each + extra, inputs) for each in quartiles)
    return Eta(middle, low, high, at_most=inputs.early_stopping)


def of_records(
    *,
    step: int | None,
    steps_total: int | None,
    pace: Pace | None,
    said: float | None,
    last: float | None,
    apart: float | None,
    now: float,
    source: str,
) -> Eta:
    """Time left of a run that others record; none where the records are old, for they may be all there will be.

    Args:
        step: that it has come to.
        steps_total: its length, where its records tell it.
        pace: of its steps, by the times of its records.
        said: seconds left, as the last record estimates them.
        last: when that one was written, seconds since the epoch.
        apart: seconds from one record to the next.
        now: seconds since the epoch.
        source: what it is recorded by.
    """
    if last is None:
        return Eta(None, reason="no record yet")
    quiet = max(0.0, now - last)
    if quiet > (_OLD if apart is None else max(STALL_FLOOR, STALL_FACTOR * apart)):
        return Eta(None, reason=f"last record {age(quiet)}")
    if step is not None and steps_total is not None and pace is not None:
        low, middle, high = (max(0.0, (steps_total - step) * each - quiet) for each in pace)
        return Eta(middle, low, high, reason=f"by {source}")
    if said is not None:
        return Eta(max(0.0, said), reason=f"as {source} said {age(quiet)}")
    return Eta(None, reason=f"{source} does not tell {'how long' if steps_total is None else 'how fast'}")


def _times_left(inputs: EtaInputs, every: int | None, seconds: Sequence[float]) -> float:
    if not every or not seconds or inputs.steps_total is None:
        return 0.0
    events = inputs.steps_total // every - inputs.step // every
    return max(0, events) * statistics.median(seconds)


def _capped(seconds: float, inputs: EtaInputs) -> float:
    if inputs.max_seconds is None:
        return seconds
    return max(0.0, min(seconds, inputs.max_seconds - inputs.elapsed))
