"""What a person may change in a training under way: names, limits, and what a change does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.domain.text import count, safe

Value = float | int | str  # a text is a factor for the learning rate: "x0.5"
Present = Mapping[str, float | int | None]  # None is "no limit"; what cannot be changed is not there

LR, MAX_STEPS, MAX_EPOCHS = "lr", "max_steps", "max_epochs"
CLIP, PATIENCE, LOG_EVERY = "gradient_clip_val", "patience", "log_every_n_steps"
MAX_GRAD_NORM = "max_grad_norm"  # what transformers calls the same
LOGGING_STEPS, EVAL_STEPS, SAVE_STEPS = "logging_steps", "eval_steps", "save_steps"  # transformers' intervals
LENGTHS = (MAX_STEPS, MAX_EPOCHS)
_OFF_AT_ZERO = (CLIP, MAX_GRAD_NORM)


@dataclass(frozen=True, slots=True)
class Knob:
    """One thing that can be changed; ``least`` is the smallest value it may have."""

    name: str
    meaning: str
    least: float
    whole: bool = True


KNOBS = (
    Knob(LR, "a rate such as 3e-4, or x0.5 to scale the whole schedule", 0.0, whole=False),
    Knob(MAX_STEPS, "optimizer steps at which it ends", 1),
    Knob(MAX_EPOCHS, "epochs after which it ends", 1),
    Knob(CLIP, "gradients are clipped to this; 0 is off", 0.0, whole=False),
    Knob(MAX_GRAD_NORM, "gradients are clipped to this norm; 0 is off", 0.0, whole=False),
    Knob(PATIENCE, "validations without improvement until it stops early", 1),
    Knob(LOG_EVERY, "steps between two points of the trainer's own logger", 1),
    Knob(LOGGING_STEPS, "steps between two logs of the trainer's own", 1),
    Knob(EVAL_STEPS, "steps between two evaluations", 1),
    Knob(SAVE_STEPS, "steps between two checkpoints", 1),
)
_BY_NAME = {knob.name: knob for knob in KNOBS}


def parse(name: str, text: str) -> Value:
    """The value a person has written for the knob ``name``.

    Raises:
        ValueError: there is no such knob, or it cannot have that value; the message says why.
    """
    knob = _BY_NAME.get(name)
    if knob is None:
        import difflib

        close = difflib.get_close_matches(name, _BY_NAME, 1)
        raise ValueError(f"{safe(name, 40)} cannot be changed; {f'did you mean {close[0]}?' if close else _names()}")
    word = text.strip().replace("_", "").replace("×", "x")
    word = "0" if name in _OFF_AT_ZERO and word == "off" else word
    value: Value = word
    if not (name == LR and word.startswith("x")):
        try:
            value = int(word) if knob.whole else float(word)
        except ValueError:
            kind = "whole number" if knob.whole else "number"
            raise ValueError(f"{name}: {safe(text, 40) or 'nothing'} is no {kind}") from None
    if problem := _malformed(name, value):
        raise ValueError(problem)
    return value


def refusal(values: Mapping[str, object], present: Present, step: int, epoch: int) -> str:
    """Why a training at ``step`` of ``epoch`` (0-based) cannot have these values; empty if it can."""
    if not values:
        return "nothing is to be changed"
    for name, value in values.items():
        problem = _malformed(name, value)
        if not problem and name not in present:
            problem = f"{name} cannot be changed in this training: it has none, or none that can be reached"
        if not problem and name == MAX_STEPS and isinstance(value, int) and value <= step:
            problem = f"max_steps {value:,}: step {step:,} is reached already"
        if not problem and name == MAX_EPOCHS and isinstance(value, int) and value <= epoch:
            problem = f"max_epochs {value:,}: epoch {epoch + 1:,} is under way"
        if not problem and name == LR and not isinstance(value, str) and not present[LR]:
            problem = "the learning rate is 0 at this step: scale it instead (lr=x0.5)"
        if problem:
            return problem
    return ""


def refusal_of_loop(values: Mapping[str, object], longest: int | None) -> str:
    """Why a loop that ends at step ``longest`` by itself (None: at none) cannot go on so far; empty if it can."""
    wanted = values.get(MAX_STEPS)
    if longest is None or not isinstance(wanted, int) or wanted <= longest:
        return ""
    return f"max_steps {wanted:,}: its loop was made for epochs that end at step {longest:,}, and goes no further"


def _malformed(name: str, value: object) -> str:
    knob = _BY_NAME.get(name)
    if knob is None:
        return f"{safe(name, 40)} cannot be changed; {_names()}"
    if name == LR and isinstance(value, str):
        return "" if _factor(value) else f"lr: {safe(value, 40)} is no factor such as x0.5"
    if isinstance(value, bool) or not isinstance(value, int if knob.whole else (int, float)):
        return f"{name}: {safe(value, 40)} is no {'whole ' if knob.whole else ''}number"
    if not math.isfinite(value) or abs(value) > 1e15:
        return f"{name}: {value} is no value"
    if value < knob.least or (name == LR and value == 0):
        return f"{name}: {value} is too small"
    return ""


def _factor(text: str) -> float | None:
    try:
        factor = float(text[1:]) if text.startswith("x") else 0.0
    except ValueError:
        return None
    return factor if math.isfinite(factor) and factor > 0 else None


def _names() -> str:
    return f"there is: {', '.join(_BY_NAME)}"


def lr_factor(value: float | str, now: float) -> float:
    """By what the learning rates of a schedule that stands at ``now`` are multiplied.

    Raises:
        ValueError: it is neither a factor nor a rate, or no factor makes ``now`` that rate.
    """
    factor = _factor(value) if isinstance(value, str) else value / now if now else None
    if factor is None:
        raise ValueError(value)
    return factor


def after(values: Mapping[str, Value], present: Present) -> dict[str, float | int | None]:
    """All values as they will be, as far as can be told beforehand."""
    found = dict(present)
    for name, value in values.items():
        if name != LR:
            found[name] = value if not isinstance(value, str) else None
        elif (now := present.get(LR)) is not None:
            found[LR] = now * lr_factor(value, now)
    return found


def steps_of(present: Present, steps_per_epoch: int | None) -> int | None:
    """The length of the whole training in optimizer steps; None where it has no end or none is known."""
    steps, epochs = present.get(MAX_STEPS), present.get(MAX_EPOCHS)
    by_epochs = int(epochs) * steps_per_epoch if epochs and steps_per_epoch else None
    limits = [int(limit) for limit in (steps, by_epochs) if limit]
    return min(limits) if limits and (by_epochs or not epochs) else None


def largest_factor(old: Present, new: Present) -> float:
    """By how much, up or down, the learning rate or a length changes; infinite where a length had no limit."""
    factors = [1.0]
    for name in (LR, *LENGTHS):
        before, now = old.get(name), new.get(name)
        if before != now:
            factors.append(max(now / before, before / now) if before and now else math.inf)
    return max(factors)


def shown(name: str, value: float | None) -> str:
    """A value for a person."""
    if value is None:
        return "no limit" if name in LENGTHS else "–"
    if name in _OFF_AT_ZERO and not value:
        return "off"
    return count(value) if _BY_NAME[name].whole else f"{value:.4g}"


def changed(old: Present, new: Present) -> dict[str, str]:
    """``old → new`` by name, of what differs."""
    return {
        knob.name: f"{shown(knob.name, old.get(knob.name))} → {shown(knob.name, new.get(knob.name))}"
        for knob in KNOBS
        if knob.name in new and old.get(knob.name) != new.get(knob.name)
    }


def told(old: Present, new: Present) -> str:
    """A change in one line."""
    return ", ".join(f"{name} {values}" for name, values in changed(old, new).items()) or "everything as it was"
