"""5 and 6: are the gradients numbers, and does it learn what it has not seen?"""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from cockpit.domain.criteria.criterion import BAD, EARLY, EXPLAINED, OK, UNTOLD, WARN, Criterion
from cockpit.domain.text import count, counted, number, safe
from cockpit.domain.trend import FEWEST, trend
from cockpit.domain.trouble.curves import best_validation, divergence, overfitting, plateau
from cockpit.domain.trouble.numbers import nonfinite, nonfinite_values, skipped_steps

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

_MOVES_MUCH = 0.1  # of the weights in one step; 1e-3 is usual (Karpathy, CS231n, "ratio of weights to updates")
_ASK = "g, cockpit weights RUN"
_FEW = 3  # validations
_RECENT = 12  # validations that the trend is told from


def gradients(state: RunState) -> Criterion:
    """Their norm, what of them was not finite, how far a step moves the weights."""
    vitals = state.vitals
    title, label = "Gradients checked for NaN", "gradients"
    other = safe(vitals.recorder, 60)
    norms = [norm for _, norm in vitals.norms if math.isfinite(norm)]
    skipped = len(vitals.norms) - len(norms) if other else 0
    evidence = []
    if norms:
        middle = number(statistics.median(norms))
        evidence.append(
            f"norm {number(norms[-1])}; last {len(norms)} measured: median {middle}, "
            f"{number(min(norms))} to {number(max(norms))}"
        )
    many = nonfinite_values(state)
    evidence.append(f"{many} that {'is' if many == '1 value' else 'are'} not finite{_looked_at(state)}")
    if vitals.conditions.scaler:
        evidence.append(
            f"fp16: {counted(vitals.skipped or 0, 'step')} skipped by the GradScaler, not counted above; "
            f"scale {number(vitals.scale)}"
        )
    if vitals.update_ratio is not None:
        evidence.append(f"a step moves the weights by {number(vitals.update_ratio)} of their norm (1e-3 is usual)")
    if vitals.weighed is not None:
        evidence.append(f"layer by layer: {vitals.weighed.told}")
    elif norms and state.state.active and state.listens:
        evidence.append(f"layer by layer it has not been measured: {_ASK}")
    if vitals.conditions.anomaly:
        evidence.append("anomaly detection is on: the operation that makes a NaN is named, at a price")
    trouble = nonfinite(state) or skipped_steps(state)
    if trouble is not None:
        return Criterion(
            "gradients", label, title, BAD, trouble.short, (trouble.text, *evidence), trouble.todo, trouble.since
        )
    if not norms and other:
        said = f"{other} tells no norm of the gradients"
        todo = "Log it with the loss, as grad_norm"
        return Criterion("gradients", label, title, UNTOLD, "not told", (said, *evidence), todo)
    if not norms and vitals.weighed is None:
        return Criterion("gradients", label, title, EARLY, "none yet", ("no gradient has been measured yet",))
    if skipped:
        said = f"{skipped} of the last {len(vitals.norms)} norms were not finite, and later ones are"
        why = f"steps of fp16 that a GradScaler skipped, or batches to look at; which, {other} does not tell"
        told = (f"{said}: {why}", *evidence)
        todo = "Clip the gradients, or train in bf16"
        return Criterion("gradients", label, title, WARN, "skipped steps", told, todo, vitals.last_point)
    if vitals.update_ratio is not None and vitals.update_ratio > _MOVES_MUCH:
        todo = "Lower the learning rate, or warm up: a step moves the weights very far"
        todo += f"; Which layers: {_ASK}" if state.state.active and state.listens else ""
        return Criterion("gradients", label, title, WARN, "large updates", tuple(evidence), todo, vitals.last_point)
    short = f"norm {number(norms[-1])}" if norms else "measured once"
    return Criterion("gradients", label, title, OK, short, tuple(evidence), "", vitals.conditions.begun)


def _looked_at(state: RunState) -> str:
    """Of another tool's metrics many may be NaN and mean nothing."""
    return " in losses and norms" if state.vitals.recorder else ""


def validation(state: RunState) -> Criterion:
    """The best, the steps since, the trend against the noise, the gap to the training loss."""
    title, label = "Validation improving, or explained", "validation"
    points, best = state.vitals.validations, best_validation(state)
    if not points and state.vitals.recorder:
        said = f"no validation metric with a name that says which way is better in {safe(state.vitals.recorder, 60)}"
        return Criterion("validation", label, title, UNTOLD, "not told", (said,), "Log one: val_loss, or val_accuracy")
    if best is None or len(points) < _FEW:
        never = state.vitals.conditions.validate_every is None and not state.vitals.recorder
        said = "it is never validated" if never else f"{len(points)} of {_FEW} validations that a word needs"
        todo = "Give the trainer a validation loader" if never else ""
        status = WARN if never else EARLY
        return Criterion(
            "validation", label, title, status, "never" if never else f"{len(points)} so far", (said,), todo
        )
    step, value = points[best]
    times = state.vitals.validation_times
    since = times[best] if best < len(times) else None
    metric = safe(state.vitals.metric, 40) or "metric"
    ago = len(points) - 1 - best
    before = f"{counted(points[-1][0] - step, 'step')} and {counted(ago, 'validation')} before "
    last = f"{before if ago else ''}the last"
    evidence = [f"best {metric} {number(value)} @ step {count(step)}, {last}", *_trend(state), *_gap(state)]
    short = f"best {number(value)}"
    trouble = divergence(state) or overfitting(state) or plateau(state)
    if trouble is None:
        return Criterion("validation", label, title, OK, short, tuple(evidence), "", since)
    told = (trouble.text, *evidence)
    if note := explanation(state, since):
        told = (f"explained: {safe(note)}", *told)
        return Criterion("validation", label, title, EXPLAINED, "explained", told, "", since)
    status = WARN if trouble.kind == "plateau" else BAD
    return Criterion("validation", label, title, status, trouble.short, told, trouble.todo, since)


def _trend(state: RunState) -> list[str]:
    recent = [(float(step), value) for step, value in state.vitals.validations[-_RECENT:]]
    slope = trend(recent)
    if slope is None:
        known = sum(math.isfinite(value) for _, value in recent)
        return [f"trend told after {counted(max(1, FEWEST - known), 'more validation')}"]
    per = 1000
    sign = 1 if state.vitals.lower_is_better else -1
    better = slope.falls if sign == 1 else slope.rises
    worse = slope.rises if sign == 1 else slope.falls
    word = "improving" if better else "getting worse" if worse else "within the noise"
    return [f"last {len(recent)}: {word}, {slope.slope * per:+.2g} per {count(per)} steps "
            f"({slope.low * per:+.2g} to {slope.high * per:+.2g}, 99 %, Theil–Sen)"]  # fmt: skip


def _gap(state: RunState) -> list[str]:
    if state.loss_val is None or not state.vitals.losses:
        return []
    train = statistics.median(loss for _, loss in state.vitals.losses[-50:])
    return [f"validation loss {number(state.loss_val)}, training {number(train)}: gap {number(state.loss_val - train)}"]


def explanation(state: RunState, since: float | None) -> str:
    """The newest note that a person attached after the validation stopped improving."""
    after = [mark.text for mark in state.marks if mark.kind == "note" and (since is None or mark.time >= since)]
    return after[-1] if after else ""
