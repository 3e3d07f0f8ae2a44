"""What a trainer says of itself when it begins: lengths, cadences, device, seed."""

from __future__ import annotations

import os
from typing import Any

from cockpit.recorder.conditions import checkpoint_every, conditions, device_name
from cockpit.recorder.exact import guarantee
from cockpit.recorder.hyperparameters import present, requests_in_force
from cockpit.recorder.lengths import epochs_total, steps_per_epoch, steps_total, whole


def fit_facts(trainer: Any, module: Any) -> dict[str, Any]:
    """The fields of the journal's ``fit_start`` event; None where Lightning does not know."""
    per_epoch = steps_per_epoch(trainer)
    saver = next(iter(trainer.checkpoint_callbacks), None)
    level, why = guarantee(trainer)
    samples, unit = _samples_per_step(trainer, module)
    return {
        "step": trainer.global_step,
        "epoch": trainer.current_epoch,
        "steps_total": steps_total(trainer),
        "epochs_total": epochs_total(trainer),
        "steps_per_epoch": per_epoch,
        "validate_every": _validate_every(trainer, per_epoch),
        "checkpoint_every": checkpoint_every(trainer),
        "accumulate": trainer.accumulate_grad_batches,
        "world_size": trainer.world_size,
        "device": device_name(trainer.strategy.root_device),
        "precision": str(trainer.precision),
        "parameters": sum(p.numel() for p in module.parameters()),
        "seed": int(os.environ["PL_GLOBAL_SEED"]) if os.environ.get("PL_GLOBAL_SEED", "").isdigit() else None,
        "monitor": getattr(saver, "monitor", None),
        "mode": getattr(saver, "mode", "min"),
        "max_seconds": _max_seconds(trainer),
        "early_stopping": bool(trainer.early_stopping_callbacks),
        "samples_per_step": samples,
        "sample_unit": unit,
        "resumed_from": str(trainer.ckpt_path) if trainer.ckpt_path else None,
        "guarantee": level,
        "guarantee_reason": why,
        **conditions(trainer),
        "hyperparameters": present(trainer),
        "schedules": [type(config.scheduler).__name__ for config in trainer.lr_scheduler_configs],
        "changes": requests_in_force(trainer),
    }


def _validate_every(trainer: Any, per_epoch: int | None) -> int | None:
    """Optimizer steps between two validations."""
    if not trainer.enable_validation:
        return None
    if trainer.check_val_every_n_epoch not in (None, 1):
        return per_epoch * trainer.check_val_every_n_epoch if per_epoch else None
    every = whole(trainer.val_check_batch)
    return max(1, every // trainer.accumulate_grad_batches) if every else None


def _samples_per_step(trainer: Any, module: Any) -> tuple[int | None, str]:
    """What one optimizer step consumes: a module that says ``tokens_per_sample`` is counted in tokens."""
    loader = getattr(trainer, "train_dataloader", None)
    batch_size = getattr(loader, "batch_size", None)
    if not isinstance(batch_size, int):
        return None, "samples"
    samples = batch_size * trainer.accumulate_grad_batches * trainer.world_size
    tokens = getattr(module, "tokens_per_sample", None)
    return (samples * tokens, "tokens") if isinstance(tokens, int) else (samples, "samples")


def _max_seconds(trainer: Any) -> float | None:
    for callback in trainer.callbacks:
        duration = getattr(callback, "_duration", None)
        if type(callback).__name__ == "Timer" and duration:
            return float(duration)
    return None
