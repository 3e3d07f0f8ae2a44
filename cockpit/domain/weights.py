"""How far one optimizer step moved each layer, against how far a step usually does.

The figure is the ratio of the norm of a layer's update to the norm of its weights, which is about 1e-3 where the
learning rate fits: "Ratio of weights:updates" in Karpathy's notes to CS231n (cs231n.github.io/neural-networks-3). It
is a rule of thumb for matrices: biases, scales of norms and what has just begun at zero move further in good health.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from cockpit.domain.text import count, counted, number, safe, size

USUAL = 1e-3
TOO_HIGH, TOO_LOW = 1e-2, 1e-4  # a factor of ten from what is usual
LISTED = 16  # layers of each kind and at each end that are kept of a model with more
BAD, HIGH, LOW, USUAL_SPEED, NOT_JUDGED = "not finite", "too high", "too low", "", "–"
HEADER = ("ratio", "weights", "gradient", "elements")
_NAME = 120  # characters


@dataclass(frozen=True, slots=True)
class Layer:
    """One tensor that is trained, around one step."""

    name: str
    elements: int
    matrix: bool  # it has two dimensions or more
    ratio: float | None  # |update| / |weights|; None where the weights were all zero
    weight: float  # norm before the step
    gradient: float | None  # norm as the optimizer got it: whole, unscaled and clipped; None where there was none
    bad_weights: int = 0  # elements that are not finite after the step
    bad_gradients: int = 0

    @property
    def verdict(self) -> str:
        """Whether it moves as is usual: one of the words above."""
        if self.bad_weights or self.bad_gradients or (self.ratio is not None and not math.isfinite(self.ratio)):
            return BAD
        if self.ratio is None or not self.matrix:
            return NOT_JUDGED
        return HIGH if self.ratio > TOO_HIGH else LOW if self.ratio < TOO_LOW else USUAL_SPEED

    @property
    def figures(self) -> tuple[str, ...]:
        """In print, under :data:`HEADER`."""
        return _short(self.ratio), number(self.weight), number(self.gradient), count(self.elements)

    @property
    def remark(self) -> str:
        """What there is to say of it, for a person."""
        bad = [
            f"{count(n)} {what}" for n, what in ((self.bad_weights, "weights"), (self.bad_gradients, "gradients")) if n
        ]
        if bad:
            return f"{BAD}: {', '.join(bad)}"
        if self.gradient is None:
            return "no gradient"
        return "" if self.verdict == NOT_JUDGED else self.verdict


@dataclass(frozen=True, slots=True)
class Group:
    """A parameter group of an optimizer, around one step."""

    rate: float | None  # learning rate
    tensors: int
    ratio: float | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """What was measured around one optimizer step."""

    step: int
    time: float  # seconds since the epoch
    layers: tuple[Layer, ...]  # as :func:`listed`
    groups: tuple[Group, ...]
    tensors: int  # that were measured, listed or not
    elements: int
    sampled: float  # share of the elements whose movement the ratios are told from, 0..1
    ratio: float | None  # of all together
    high: int
    low: int
    bad: int
    seconds: float  # that measuring took from the training
    bytes: int  # of the copy of the weights
    skipped: int = 0  # fp16 steps just before that moved nothing, as their gradients were not finite
    note: str = ""

    @property
    def told(self) -> str:
        """In one sentence: all together, the layers at both ends, and how many are out of the usual."""
        judged = [layer for layer in self.layers if layer.matrix and layer.ratio is not None and layer.verdict != BAD]
        parts = [
            f"step {count(self.step)} moved the weights by {_short(self.ratio)} of their norm ({USUAL:g} is usual)"
        ]
        if judged:
            most, least = judged[0], judged[-1]
            parts.append(
                f"most {safe(most.name, 60)} {_short(most.ratio)}, least {safe(least.name, 60)} {_short(least.ratio)}"
            )
        found = [f"{n} {what}" for n, what in ((self.bad, BAD), (self.high, HIGH), (self.low, LOW)) if n]
        return "; ".join([*parts, ", ".join(found) or "none too high or too low"])

    @property
    def lines(self) -> tuple[str, ...]:
        """What there is to say above a table of the layers: all together, the groups, how it was measured."""
        groups = [
            f"group {index}: learning rate {number(group.rate)}, {counted(group.tensors, 'tensor')}, "
            f"{_short(group.ratio)}"
            for index, group in enumerate(self.groups)
        ]
        cost = f"{counted(self.tensors, 'tensor')}, {counted(self.elements, 'element')}; "
        cost += f"it took {self.seconds * 1000:,.0f} ms and a copy of {size(self.bytes)}"
        if self.sampled < 1:
            cost += f"; ratios are told from {self.sampled:.1%} of the elements"
        whose = "its" if self.skipped == 1 else "their"
        skipped = (
            f"the GradScaler skipped {counted(self.skipped, 'step')} before this one: {whose} gradients were not finite"
        )
        notes = [*([skipped] if self.skipped else []), *([safe(self.note, 300)] if self.note else [])]
        return (self.told, *(groups if len(groups) > 1 else ()), cost, *notes)

    @property
    def left_out(self) -> int:
        """Layers that are not listed."""
        return self.tensors - len(self.layers)


def listed(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    """In the order of a table, and few enough for one line of a journal.

    Those that are not finite come first, then the matrices from the one that moves most to the one that moves least,
    then the others. Of a model with many layers those at the ends are kept.
    """
    found = list(layers)
    bad = [layer for layer in found if layer.verdict == BAD]
    judged = [layer for layer in found if layer.verdict not in (BAD, NOT_JUDGED)]
    others = [layer for layer in found if layer.verdict == NOT_JUDGED]
    for some in (judged, others):
        some.sort(key=lambda layer: -math.inf if layer.ratio is None else layer.ratio, reverse=True)
    if len(judged) > 2 * LISTED:
        judged = [*judged[:LISTED], *judged[-LISTED:]]
    return (*bad[:LISTED], *judged, *others[:LISTED])


def table(weighed: Weighed) -> list[str]:
    """The layers in lines, a word beside those out of the usual."""
    rows = [(*HEADER, "layer", ""), *((*layer.figures, safe(layer.name, 60), layer.remark) for layer in weighed.layers)]
    *numbers, names, remarks = zip(*rows, strict=True)
    columns = [[text.rjust(max(map(len, column))) for text in column] for column in numbers]
    columns.append([name.ljust(max(map(len, names))) for name in names])
    lines = ["  ".join(row).rstrip() for row in zip(*columns, remarks, strict=True)]
    return [*lines, *([f"{count(weighed.left_out)} more are not listed"] if weighed.left_out > 0 else [])]


def short_name(name: str) -> str:
    """What a tensor is called, without what wrappers put before it, and not longer than a journal can take."""
    return name.replace("_orig_mod.", "").removeprefix("module.")[:_NAME]


def _short(ratio: float | None) -> str:
    return f"{ratio:.1e}" if ratio and math.isfinite(ratio) else "0" if ratio == 0 else number(ratio)
