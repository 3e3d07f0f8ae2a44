"""Answers how far a step moves each layer, when somebody asks; until then no step costs more.

The hooks are those of ``torch.optim`` itself, set for the one step and taken away after it. So the figures are what the
optimizer sees, whoever calls it: gradients whole (also after an accumulation), unscaled and clipped, and a step that a
GradScaler skips is none. No other process is asked for anything, so none waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import torch

from cockpit.domain.weights import BAD, HIGH, LOW, Weighed, listed, short_name
from cockpit.recorder.journal import SafeJournal
from cockpit.recorder.weights import StepOfOne, ratio_of, stride_of, trained
from cockpit.runs.requests import Request

_PATIENCE = 8  # steps that may pass without one that moves a weight
_GROUPS = 16  # parameter groups that are told


@dataclass(frozen=True, slots=True)
class Subject:
    """What there is to measure.

    Args:
        optimizers: of ``torch.optim``, or built on it.
        parameters: named, as the module calls them.
        next_step: the number of the step that comes next, or is under way.
        scaled: a GradScaler may skip steps.
        sharded: no process holds a whole layer.
    """

    optimizers: tuple[Any, ...]
    parameters: Iterable[tuple[str, torch.Tensor]]
    next_step: Callable[[], int]
    scaled: bool
    sharded: bool

    @property
    def refusal(self) -> str:
        """Why it cannot be measured; empty if it can."""
        if not self.optimizers or not all(isinstance(each, torch.optim.Optimizer) for each in self.optimizers):
            return "its optimizer is none of PyTorch's"
        if self.sharded or any(hasattr(p, "device_mesh") for each in self.optimizers for p in trained(each)):
            return "its weights are spread over its processes, and none holds a whole layer"
        return ""


class Weighing:
    """Answers requests for the update-to-weight ratio, in the first process of a training.

    Args:
        journal: where the figures and the answers go.
    """

    def __init__(self, journal: SafeJournal) -> None:
        self._journal = journal
        self._asked: list[Request] = []
        self._steps: list[StepOfOne] = []
        self._handles: list[Any] = []
        self._subject: Subject | None = None
        self._first = self._number = 0  # the step that came next when it was asked, and the one that was measured

    def ask(self, requests: list[Request], subject: Subject) -> None:
        """Measure at the next step; who asks while that is under way gets the same answer."""
        self._asked += requests
        try:
            if why := subject.refusal:
                self.give_up(why)
            elif not self._steps:
                self._set_hooks(subject)
        except Exception as error:  # what other people's optimizers are, and how: never this training's trouble
            self.give_up(repr(error))

    def _set_hooks(self, subject: Subject) -> None:
        names = {id(parameter): short_name(name) for name, parameter in subject.parameters}
        stride = stride_of(subject.optimizers)
        self._subject, self._first = subject, subject.next_step()
        for optimizer in subject.optimizers:
            step = StepOfOne(optimizer, names, stride, self._stepped, self.give_up)
            self._steps.append(step)
            self._handles += [
                optimizer.register_step_pre_hook(step.before), optimizer.register_step_post_hook(step.after)
            ]  # fmt: skip

    def look(self) -> None:
        """Between two steps: clear away what is done, and do not wait for ever."""
        if self._subject is None:
            return
        passed = self._subject.next_step() - self._first
        if not self._asked:
            self._clear()
        elif passed and any(step.layers for step in self._steps):  # the other optimizers had no turn
            self._tell()
            self._clear()
        elif passed >= _PATIENCE:
            skipped = "the GradScaler skipped them, as their gradients are not finite"
            self.give_up(
                f"{passed} steps moved no weight: {skipped if self._subject.scaled else 'no optimizer stepped'}"
            )
            self._clear()

    def give_up(self, why: str) -> None:
        """No step will be measured, for this reason."""
        asked, self._asked = self._asked, []
        self._journal.acknowledge(asked, False, why)

    def _stepped(self) -> None:
        if self._subject is not None:
            self._number = self._subject.next_step()
        if self._asked and all(step.layers for step in self._steps):
            self._tell()

    def _tell(self) -> None:
        if self._subject is None:
            return
        skipped = self._number - self._first - (sum(bool(step.layers) for step in self._steps) - 1)
        weighed = _weighed(self._steps, self._number, skipped if self._subject.scaled else 0)
        asked, self._asked = self._asked, []
        fields = {name: value for name, value in asdict(weighed).items() if name != "time"}
        self._journal.write("weights", requests=[request.id for request in asked], **fields)
        self._journal.acknowledge(asked, True, weighed.told)

    def _clear(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles, self._steps, self._subject = [], [], None


def _weighed(steps: list[StepOfOne], number: int, skipped: int) -> Weighed:
    layers = [layer for step in steps for layer in step.layers]
    updates = [update for step in steps for update in step.updates]
    verdicts = [layer.verdict for layer in layers]
    measured, elements = sum(bool(step.layers) for step in steps), sum(step.elements for step in steps)
    return Weighed(
        step=number,
        time=time.time(),
        layers=listed(layers),
        groups=tuple(group for step in steps for group in step.groups)[:_GROUPS],
        tensors=len(layers),
        elements=elements,
        sampled=sum(step.remembered for step in steps) / max(1, elements),
        ratio=ratio_of(updates, layers),
        high=verdicts.count(HIGH),
        low=verdicts.count(LOW),
        bad=verdicts.count(BAD),
        seconds=sum(step.seconds for step in steps),
        bytes=sum(step.bytes for step in steps),
        skipped=skipped,
        note="" if measured == len(steps) else f"{measured} of its {len(steps)} optimizers took a step",
    )
