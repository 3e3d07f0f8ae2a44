"""What the processes of one training have to do together, at the same step, or not at all."""

from __future__ import annotations

import time
from typing import Any, TypeVar

import torch

T = TypeVar("T")
LOOK_EVERY = 0.25  # seconds between looks at what was asked


class Ranks:
    """All processes of a training, seen from one of them.

    Args:
        trainer: Lightning's, once its processes are connected.
    """

    def __init__(self, trainer: Any) -> None:
        self.count: int = trainer.world_size
        self.first: bool = trainer.is_global_zero
        self.limit = getattr(trainer.strategy, "_timeout", None)  # timedelta a collective may take, where it is known
        self._last, self._last_step = time.monotonic(), trainer.global_step
        self._next_step: int = trainer.global_step + 1

    def share(self, mine: T) -> list[T]:
        """What each process has to say, by rank; all of them have to call it."""
        if self.count == 1:
            return [mine]
        everyone: list[Any] = [None] * self.count
        torch.distributed.all_gather_object(everyone, mine)
        return everyone

    def is_time(self, step: int) -> bool:
        """Whether to look at what was asked after this step; every process comes to the same answer."""
        if self.count == 1:
            return time.monotonic() - self._last >= LOOK_EVERY
        return step >= self._next_step

    def looked(self, step: int) -> None:
        """A look was taken: the first process says after how many steps of its pace the next one is due."""
        now = time.monotonic()
        pace = (now - self._last) / max(1, step - self._last_step)
        self._last, self._last_step = now, step
        self._next_step = step + self.share(max(1, int(LOOK_EVERY / max(pace, 1e-6))))[0]
