"""Scalars on their way to disk: kept as tensors, converted many at a time, so a step never waits for a device."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import torch

from cockpit.domain.run import NONFINITE_NAMED
from cockpit.recorder.journal import SafeJournal, warn
from cockpit.runs.scalars import ATTEMPT, Scalar, ScalarWriter

Place = tuple[int, float, int]  # step, time, tag


class ScalarBuffer:
    """Collects values and writes them in batches.

    A flush on CUDA starts one copy of all new values to pinned memory and writes those of the copy before,
    which has long arrived; on CPU the values are written at once.

    Args:
        writer: where values go.
        journal: where tags and non-finite values are named.
        tags: those that an earlier attempt has named; a number means the same in the whole file.
    """

    def __init__(self, writer: ScalarWriter, journal: SafeJournal, tags: Mapping[str, int]) -> None:
        self._writer, self._journal = writer, journal
        self._tags = dict(tags)
        self._places: list[Place] = []
        self._tensors: list[torch.Tensor] = []
        self._ready: list[Scalar] = []
        self._in_flight: tuple[list[Place], torch.Tensor, Any] | None = None
        self._named: Counter[int] = Counter()  # non-finite values told, by tag
        self._warned = False

    def tag(self, name: str) -> int:
        """The number of a tag, announced in the journal when it is new."""
        if name not in self._tags:
            self._tags[name] = len(self._tags)
            self._journal.write("tag", tag=self._tags[name], name=name)
        return self._tags[name]

    @property
    def tag_count(self) -> int:
        """How many tags there are."""
        return len(self._tags)

    def mark_attempt(self, step: int, now: float, attempt: int) -> None:
        """Tell readers that training began again after ``step``."""
        self._ready.append((step, now, float(attempt), ATTEMPT, 0))

    def add(self, step: int, now: float, tag: int, value: torch.Tensor) -> None:
        """Keep a scalar tensor; it is detached and read at a later flush."""
        self._places.append((step, now, tag))
        self._tensors.append(value)

    def add_number(self, step: int, now: float, tag: int, value: float) -> None:
        """Keep a plain number."""
        self._keep((step, now, tag), value)

    def flush(self, *, wait: bool = False) -> None:
        """Write what has arrived; with ``wait``, everything."""
        self._land()
        if self._tensors:
            places, tensors = self._places, self._tensors
            self._places, self._tensors = [], []
            stacked = _stack(tensors)
            if stacked.is_cuda:
                host = torch.empty(stacked.shape, dtype=stacked.dtype, pin_memory=True)
                host.copy_(stacked, non_blocking=True)
                arrived: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
                arrived.record()
                self._in_flight = (places, host, arrived)
            else:
                self._take(places, stacked.tolist())
        if wait:
            self._land()
        self._write()

    def _land(self) -> None:
        if self._in_flight is not None:
            places, host, arrived = self._in_flight
            self._in_flight = None
            arrived.synchronize()
            self._take(places, host.tolist())

    def _take(self, places: list[Place], values: list[float]) -> None:
        for place, value in zip(places, values, strict=True):
            self._keep(place, value)

    def _keep(self, place: Place, value: float) -> None:
        step, now, tag = place
        self._ready.append((step, now, value, tag, 0))
        if not math.isfinite(value) and (tag not in self._named or self._named.total() < NONFINITE_NAMED):
            self._named[tag] += 1
            name = next(name for name, number in self._tags.items() if number == tag)
            self._journal.write("nonfinite", step=step, what=name, value=value)

    def _write(self) -> None:
        if not self._ready:
            return
        try:
            self._writer.write(self._ready)
        except OSError as error:
            if not self._warned:
                warn(f"cannot write scalars ({error}); training goes on")
            self._warned = True
            del self._ready[:-100_000]  # they are tried again, within bounds
            return
        self._ready.clear()


@torch.no_grad()
def _stack(tensors: list[torch.Tensor]) -> torch.Tensor:
    """Values of one element each, as one float tensor."""
    try:
        return torch.stack(tensors).reshape(len(tensors)).float()
    except (RuntimeError, TypeError):  # their shapes or devices differ
        return torch.stack([t.reshape(()).to(tensors[0].device, torch.float32) for t in tensors])
