"""How long a training is to be, as far as Lightning knows."""

from __future__ import annotations

import math
from typing import Any


def whole(value: float | None) -> int | None:
    """``value`` where it is known and finite."""
    return int(value) if value is not None and math.isfinite(value) else None


def steps_total(trainer: Any) -> int | None:
    """Optimizer steps of the whole training; None where it has no end."""
    steps = whole(trainer.estimated_stepping_batches)
    return steps if steps is not None and steps >= 0 else None


def steps_per_epoch(trainer: Any) -> int | None:
    """Optimizer steps of one epoch; None where its length is not known."""
    batches = whole(trainer.num_training_batches)
    return math.ceil(batches / trainer.accumulate_grad_batches) if batches else None


def epochs_total(trainer: Any) -> int | None:
    """Epochs of the whole training, the last one perhaps cut short; None where it has no end."""
    per_epoch, steps = steps_per_epoch(trainer), steps_total(trainer)
    epochs = trainer.max_epochs if trainer.max_epochs and trainer.max_epochs > 0 else None
    if per_epoch and steps and (epochs is None or epochs * per_epoch > steps):
        return math.ceil(steps / per_epoch)
    return epochs
