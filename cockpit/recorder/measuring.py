"""What the callbacks of a dry run share: the clock of its steps, the words to its keeper, and the end of the process.

The end is a hard one: whatever a script would do after its training, or on an exception, must never happen.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from pathlib import Path
from typing import Any, NoReturn

import torch

from cockpit.domain.estimate import SCHEMA
from cockpit.runs.atomic import write_atomic
from cockpit.runs.checkpoint_folder import bytes_of
from cockpit.runs.layout import ENV_ESTIMATE, EstimatePaths

WARM_UP = 5  # steps that are slower than the rest: allocator, caches, kernels chosen
STEPS = 20
LEAST = 3.0  # seconds that a GPU is measured at least, whose power is told as the mean of a second
FEWEST = 3  # measured steps before the time is up
SECONDS = 60.0  # of warming up, and again of measuring, where steps are slow
VALIDATIONS = 3  # batches of each validation
_OUTWAITED = 30.0  # seconds
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")


def dry_run_folder() -> Path:
    """Of the dry run that this process belongs to."""
    return Path(os.environ[ENV_ESTIMATE])


def refuse(folder: Path, why: str) -> NoReturn:
    """End this process, which trains in a way that cannot be measured."""
    _end(folder, {"error": why, "out_of_memory": False, "unmeasurable": True})


def fail(folder: Path, error: BaseException) -> NoReturn:
    """End this process by what a run would have died of."""
    words = f"{type(error).__name__}: {error}"
    memory = isinstance(error, MemoryError) or any(sign in words for sign in _OUT_OF_MEMORY)
    _end(folder, {"error": words, "out_of_memory": memory})


def synchronise(device: torch.device) -> None:
    """Wait for what was asked of a GPU, or the clock would only tell how fast one asks."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def median(seconds: list[float]) -> float | None:
    """Without the first one, which is slower, as long as there is another."""
    return statistics.median(seconds[1:] or seconds) if seconds else None


def _end(folder: Path, result: dict[str, Any]) -> NoReturn:
    try:
        paths = EstimatePaths(folder)
        if not paths.result.exists():  # or another process has had the last word, and this one misses it
            write_atomic(paths.result, json.dumps({"schema": SCHEMA, **result}))
    finally:
        os._exit(1)


class Measuring:
    """One process of a dry run, from its trainer's first sign to its last measured step."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.paths = folder, EstimatePaths(folder)
        self._parent = os.getppid()
        self._steps: list[float] = []  # seconds of each
        self._warm: int | None = None  # steps until it was warm
        self._begun = self._since = 0.0
        self._step, self._device = 0, torch.device("cpu")

    @property
    def count(self) -> int:
        """Steps that were timed."""
        return len(self._steps)

    def begin(self, step: int, device: torch.device) -> None:
        """The first step comes next; ``step`` are done already."""
        self._steps, self._warm, self._step, self._device = [], None, step, device
        self._begun = self._since = time.monotonic()

    def step(self, number: int) -> bool:
        """A batch is through and ``number`` optimizer steps are done; False where it made none."""
        if os.getppid() != self._parent:
            os._exit(1)  # whoever asked has gone
        taken = number - self._step
        if not taken:
            return False
        synchronise(self._device)
        now = time.monotonic()
        self._steps += [(now - self._since) / taken] * taken  # some modules step several optimizers on one batch
        self._step = number
        return True

    def rest(self) -> None:
        """What was done until now is none of the next step's time."""
        self._since = time.monotonic()

    def enough(self) -> bool:
        """Whether these steps tell the pace; processes may differ, so one has to decide for all."""
        steps, now = len(self._steps), time.monotonic()
        spent = now - self._begun
        if self._warm is None:
            if steps >= WARM_UP or spent > SECONDS:
                self._warm, self._begun = steps, now
            return False
        measured = steps - self._warm
        least = LEAST if self._device.type == "cuda" else 0.0
        return (measured >= STEPS and spent >= least) or (measured >= FEWEST and spent > SECONDS)

    def say(self, phase: str, step: int = 0) -> None:
        """Tell the keeper how far it is."""
        of = WARM_UP + STEPS if phase in ("measuring", "saving") else 0
        shown = min(step, of) if of else step  # a fast GPU makes more of them
        write_atomic(self.paths.progress, json.dumps({"phase": phase, "step": shown, "of": of}))

    def finish(self, found: dict[str, Any], *, first: bool) -> NoReturn:
        """End this process; the first of the training writes down what was found."""
        if not self._steps:
            refuse(self.folder, "It has no step left to train")
        warm = self._steps[self._warm :] if self._warm is not None else []
        steps = warm if len(warm) >= FEWEST else self._steps
        own = {
            "schema": SCHEMA, "step_seconds": steps, "checkpoint_bytes": bytes_of(self.paths.checkpoint),
            "gpu_peak": self._gpu_peak(),
        }  # fmt: skip
        try:
            if first:
                write_atomic(self.paths.result, json.dumps({**own, **found}))
            else:
                self._outwait_the_first()
        finally:
            os._exit(0)

    def _outwait_the_first(self) -> None:
        """Its last collective may need this process until it has written; the keeper then ends both."""
        until = time.monotonic() + _OUTWAITED
        while time.monotonic() < until and not self.paths.result.exists():
            time.sleep(0.02)

    def _gpu_peak(self) -> int | None:
        """Bytes that the allocator held at most on the device of this process."""
        return int(torch.cuda.max_memory_reserved(self._device)) if self._device.type == "cuda" else None
