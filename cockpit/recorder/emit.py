"""``from cockpit import emit``: any loop tells its figures, without a framework and without a change when unwatched.

    from cockpit import emit

    for step in range(steps):
        ...
        emit(step, loss=loss, lr=lr)       # tensors or numbers; NaN is kept
        if emit.should_stop():             # somebody pressed x
            torch.save(state, path)
            emit.checkpoint(path, step)
            break

Started by ``cockpit run -- python train.py`` the run shows them; started by hand every call returns at once.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cockpit.recorder.loop import Loop

_USUAL = {"loss": "train/loss", "val_loss": "val/loss", "learning_rate": "lr"}  # how charts call them


class Emit:
    """What :data:`cockpit.emit` is."""

    @cached_property
    def _loop(self) -> Loop | None:
        import os

        from cockpit.runs.layout import ENV_RUN_DIR

        if ENV_RUN_DIR not in os.environ:
            return None
        from cockpit.recorder.journal import journal, run_paths
        from cockpit.recorder.loop import loop_of

        return loop_of(run_paths(), journal())

    def __call__(self, step: int, /, **values: Any) -> None:
        """Tell figures of a step (from 0 or 1, as the loop counts)."""
        if self._loop is not None:
            self._loop.add(step, {_USUAL.get(name, name): value for name, value in values.items()})

    def scalar(self, name: str, value: Any, step: int) -> None:
        """Tell one figure under any name."""
        if self._loop is not None:
            self._loop.add(step, {name: value})

    def total(self, steps: int) -> None:
        """Say how many steps there will be, so that there is an ETA."""
        if self._loop is not None:
            self._loop.total(steps)

    def checkpoint(self, path: Any, step: int) -> None:
        """Say that a checkpoint was saved; it answers a stop that was asked for."""
        if self._loop is not None:
            self._loop.checkpoint(str(path), step)

    def should_stop(self) -> bool:
        """Whether somebody asked the run to stop; cheap enough for every step."""
        return self._loop is not None and self._loop.should_stop()


emit = Emit()
