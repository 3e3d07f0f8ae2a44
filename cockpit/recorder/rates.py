"""Learning rates of a training: those of its optimizers and of its schedules, scaled together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

_GROUP_RATES = ("lr", "initial_lr", "max_lr", "min_lr")  # of a parameter group
_SCHEDULE_RATES = ("base_lrs", "max_lrs", "min_lrs", "eta_min", "_last_lr")  # of a scheduler


def refusal(schedules: Iterable[Any]) -> str:
    """Why the rates under ``schedules`` cannot be scaled; empty if they can."""
    foreign = next((each for each in schedules if not isinstance(each, (LRScheduler, ReduceLROnPlateau))), None)
    if foreign is None:
        return ""
    return f"lr: {type(foreign).__name__} is no scheduler of PyTorch's and sets the rate by itself"


def refusal_of_length(schedules: Iterable[Any], total: int | None) -> str:
    """Why ``schedules`` cannot go as far as ``total`` steps (None: without end); empty if they can."""
    ends = min((s.total_steps for s in schedules if isinstance(getattr(s, "total_steps", None), int)), default=None)
    if ends is None or (total is not None and total <= ends):
        return ""
    return f"its learning rate schedule ends at step {ends:,} and raises an error beyond it"


def scale(optimizers: Sequence[Any], schedules: Iterable[Any], factor: float) -> None:
    """Multiply every rate of the parameter groups and of the schedules, whose shape stays."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            for name in _GROUP_RATES:
                if name in group:
                    group[name] = _scaled(group[name], factor)
    for schedule in schedules:
        _scale_schedule(schedule, factor)


def _scale_schedule(schedule: Any, factor: float) -> None:
    for name in _SCHEDULE_RATES:
        if hasattr(schedule, name):
            setattr(schedule, name, _scaled(getattr(schedule, name), factor))
    for inner in getattr(schedule, "_schedulers", ()):
        _scale_schedule(inner, factor)


def _scaled(rate: Any, factor: float) -> Any:
    if isinstance(rate, (list, tuple)):
        return [_scaled(one, factor) for one in rate]
    # an optimizer under CUDA graphs reads the very tensor it was given
    return rate.mul_(factor) if isinstance(rate, Tensor) else rate * factor
