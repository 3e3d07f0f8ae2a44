"""The recorder in loops that write event files: what goes into a ``SummaryWriter`` is told here too, at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from cockpit.domain.trackers import Tracker
from cockpit.recorder.claim import LOOP, claim
from cockpit.recorder.emit import emit
from cockpit.recorder.journal import journal, run_paths


def attach(module: Any) -> None:
    """Tap the ``SummaryWriter`` of this module, for as long as no trainer is recorded whole."""
    module.SummaryWriter.add_scalar = _tapped(module.SummaryWriter.add_scalar)


@cache
def _tell_place(folder: str) -> None:
    """Where TensorBoard finds them, once."""
    told = journal()
    if folder and told is not None:
        told.write("tracker", **asdict(Tracker("tensorboard", str(Path(folder).absolute()))))


def _tapped(add: Callable[..., Any]) -> Callable[..., Any]:
    def add_scalar(self: Any, tag: str, scalar_value: Any, global_step: Any = None, *args: Any, **have: Any) -> Any:
        run = run_paths()
        with suppress(TypeError, ValueError, OSError):  # its own writer says what is wrong with the step
            if global_step is not None and run is not None and journal() is not None and claim(run, LOOP):
                emit.scalar(tag, scalar_value, int(global_step))
            _tell_place(str(getattr(self, "log_dir", "")))
        return add(self, tag, scalar_value, global_step, *args, **have)

    return add_scalar
