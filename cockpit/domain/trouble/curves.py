"""Curves that go where they should not. Noise is judged by its own spread, size by what has been learnt so far."""

from __future__ import annotations

import math
import statistics
from itertools import pairwise
from typing import TYPE_CHECKING

from cockpit.domain.text import count, counted, number
from cockpit.domain.trend import spread, trend
from cockpit.domain.trouble.trouble import Trouble, or_explain

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

_BEFORE = 100  # losses that a spike is held against
_AFTER = 50  # losses for which a spike is told
_IN_A_ROW = 3  # losses that must be off: a single one may be its batch
_SIGMAS = 8.0
_BLOCK = 32  # losses whose median is one point of the course
_SHARE_SPIKE, _SHARE_LOST = 0.25, 0.5  # of what has been learnt
PATIENCE = 12  # validations without a better one
_SINCE_BEST, _WORSE = 4, 0.1  # validations, and the share by which they are worse


def spike(state: RunState) -> Trouble | None:
    """Several losses in a row stand far above those before them, and a good part of the descent is undone."""
    points = [(step, loss) for step, loss in state.vitals.losses if math.isfinite(loss)]
    start = state.vitals.loss_start
    if start is None:
        return None
    for end in range(len(points) - _IN_A_ROW, max(_BEFORE, len(points) - _AFTER) - 1, -1):
        before = [loss for _, loss in points[end - _BEFORE : end]]
        level = statistics.median(before)
        lowest = min(loss for _, loss in points[end : end + _IN_A_ROW])
        if lowest > level + _SHARE_SPIKE * abs(start - level) and lowest > level + _SIGMAS * spread(before):
            step, loss = points[end]
            return Trouble(
                "spike",
                "warn",
                "loss spike",
                f"the loss jumped from {number(level)} to {number(loss)} at step {count(step)}",
                "Look at the batch and the gradient norm there; clip gradients, or warm up longer",
                step,
            )
    return None


def divergence(state: RunState) -> Trouble | None:
    """The loss has gone up for long and has lost half of what was learnt."""
    points = [(step, loss) for step, loss in state.vitals.losses if not math.isnan(loss)]
    start = state.vitals.loss_start
    blocks = [points[i : i + _BLOCK] for i in range(len(points) % _BLOCK, len(points), _BLOCK)]
    course = [(block[0][0], statistics.median(loss for _, loss in block)) for block in blocks if len(block) == _BLOCK]
    if start is None or len(course) < 4:
        return None
    step, lowest = min(course[:-2], key=lambda point: point[1])
    noise = spread([loss for _, loss in points if math.isfinite(loss)] or [0.0])
    lost = max(_SHARE_LOST * abs(start - lowest), 3 * noise, 0.1 * abs(lowest))
    if min(course[-1][1], course[-2][1]) < lowest + lost:
        return None
    return Trouble(
        "divergence",
        "bad",
        "diverging",
        f"the loss rises: from {number(lowest)} at step {count(step)} to {number(course[-1][1])}",
        "Stop, and resume from a checkpoint before it with a smaller learning rate",
        step,
    )


def plateau(state: RunState) -> Trouble | None:
    """No validation has been better for long, and their trend does not point there."""
    points, best = state.vitals.validations, best_validation(state)
    if best is None:
        return None
    since = [(float(step), value) for step, value in points if step >= points[best][0]]
    if len(since) - 1 < max(PATIENCE, len(points) // 3):
        return None
    sign = 1 if state.vitals.lower_is_better else -1
    slope = trend([(step, sign * value) for step, value in since])
    if slope is None or slope.falls:
        return None
    step, value = points[best]
    return Trouble(
        "plateau",
        "warn",
        "plateau",
        f"no better validation since step {count(step)} ({number(value)}), {counted(len(since) - 1, 'validation')} ago",
        or_explain(state, "Stop here, or lower the learning rate"),
        step,
        state.vitals.validation_times[best] if best < len(state.vitals.validation_times) else None,
    )


def overfitting(state: RunState) -> Trouble | None:
    """Validations have got worse than the best by far more than their noise, and go on doing so."""
    points, best = state.vitals.validations, best_validation(state)
    if best is None or len(points) - 1 - best < _SINCE_BEST:
        return None
    sign = 1 if state.vitals.lower_is_better else -1
    since = [(float(step), sign * value) for step, value in points[best:]]
    slope = trend(since)
    noise = statistics.median(abs(b[1] - a[1]) for a, b in pairwise(since))
    level, last = since[0][1], statistics.median(value for _, value in since[-3:])
    if slope is None or not slope.rises or last - level < max(3 * noise, _WORSE * abs(level)):
        return None
    step, value = points[best]
    return Trouble(
        "overfitting",
        "warn",
        "getting worse",
        f"validation gets worse since step {count(step)}: from {number(value)} to {number(points[-1][1])}",
        or_explain(state, "Take the best checkpoint, or regularise"),
        step,
        state.vitals.validation_times[best] if best < len(state.vitals.validation_times) else None,
    )


def best_validation(state: RunState) -> int | None:
    """The index of the best validation; None where there is none that is a number."""
    sign = 1 if state.vitals.lower_is_better else -1
    known = [(sign * value, i) for i, (_, value) in enumerate(state.vitals.validations) if not math.isnan(value)]
    return min(known)[1] if known else None
