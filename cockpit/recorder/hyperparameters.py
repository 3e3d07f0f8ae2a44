"""Hyperparameters of a training under way: read back, set, carried through its checkpoints.

Learning rates live in the optimizer's and the scheduler's own state, which a checkpoint holds. Limits, clipping and
intervals belong to the ``Trainer``, so what was changed of them goes into the checkpoint beside the random state, and
a resume sets it again after the schedules are made: they keep the horizon they were made with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from cockpit.domain import hyperparameters as knobs
from cockpit.domain.hyperparameters import CLIP, LENGTHS, LOG_EVERY, LR, MAX_EPOCHS, MAX_STEPS, PATIENCE
from cockpit.recorder import rates
from cockpit.recorder.lengths import steps_total

_Kept = dict[str, Any]  # values: what differs from the config by name; requests: ids of the changes in force

_kept: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()  # by trainer


def present(trainer: Any) -> dict[str, float | int | None]:
    """What can be changed, as ``trainer`` has it now."""
    found: dict[str, float | int | None] = {}
    if trainer.optimizers:
        found[LR] = float(trainer.optimizers[0].param_groups[0]["lr"])
    found[MAX_STEPS] = _limit(trainer.max_steps)
    found[MAX_EPOCHS] = _limit(trainer.max_epochs)
    if trainer.lightning_module.automatic_optimization and "DeepSpeed" not in type(trainer.strategy).__name__:
        found[CLIP] = trainer.gradient_clip_val or 0.0
    if trainer.early_stopping_callbacks:
        found[PATIENCE] = trainer.early_stopping_callbacks[0].patience
    found[LOG_EVERY] = trainer.log_every_n_steps
    return found


def _limit(value: int | None) -> int | None:
    return value if value is not None and value >= 0 else None


def refusal(trainer: Any, values: Mapping[str, Any]) -> str:
    """Why ``trainer`` cannot have these values; empty if it can. Nothing is changed."""
    why = knobs.refusal(values, present(trainer), trainer.global_step, trainer.current_epoch)
    if why:
        return why
    schedules = _schedules(trainer)
    if LR in values and (why := rates.refusal(schedules)):
        return why
    if any(name in values for name in LENGTHS):
        return rates.refusal_of_length(schedules, _total_with(trainer, values))
    return ""


def _schedules(trainer: Any) -> list[Any]:
    return [config.scheduler for config in trainer.lr_scheduler_configs]


def _total_with(trainer: Any, values: Mapping[str, Any]) -> int | None:
    before = trainer.max_steps, trainer.max_epochs
    _set_lengths(trainer, values)
    try:
        return steps_total(trainer)
    finally:
        trainer.fit_loop.epoch_loop.max_steps, trainer.fit_loop.max_epochs = before


def change(trainer: Any, values: Mapping[str, Any], request: str) -> None:
    """Set values that :func:`refusal` has nothing against."""
    if LR in values:
        factor = knobs.lr_factor(values[LR], float(trainer.optimizers[0].param_groups[0]["lr"]))
        rates.scale(trainer.optimizers, _schedules(trainer), factor)
    limits = {name: value for name, value in values.items() if name != LR}
    _set_limits(trainer, limits)
    kept = _kept.get(trainer, {"values": {}, "requests": []})
    _kept[trainer] = {"values": kept["values"] | limits, "requests": [*kept["requests"], request]}


def _set_limits(trainer: Any, values: Mapping[str, Any]) -> None:
    _set_lengths(trainer, values)
    if CLIP in values:
        trainer.gradient_clip_val = values[CLIP]
    if PATIENCE in values:
        for callback in trainer.early_stopping_callbacks:
            callback.patience = values[PATIENCE]
    if LOG_EVERY in values:
        trainer.log_every_n_steps = values[LOG_EVERY]


def _set_lengths(trainer: Any, values: Mapping[str, Any]) -> None:
    if MAX_STEPS in values:
        trainer.fit_loop.epoch_loop.max_steps = values[MAX_STEPS]
    if MAX_EPOCHS in values:
        trainer.fit_loop.max_epochs = values[MAX_EPOCHS]


# -- through a checkpoint ---------------------------------------------------------------------------------


def requests_in_force(trainer: Any) -> list[str]:
    """The requests whose changes ``trainer`` trains with, in their order."""
    return list(_kept.get(trainer, {}).get("requests", ()))


def kept(trainer: Any) -> _Kept | None:
    """What a checkpoint has to hold of the changes; None where there are none."""
    return _kept.get(trainer)


def restore(trainer: Any, saved: _Kept) -> None:
    """Set again what was in force when a checkpoint was saved."""
    _kept[trainer] = saved
    _set_limits(trainer, saved["values"])
