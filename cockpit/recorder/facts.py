"""What a trainer says of itself when it begins: lengths, cadences, device, seed."""

from __future__ import annotations

import math
import os
from typing import Any

import torch

from cockpit.recorder.exact import guarantee


def fit_facts(trainer: Any, module: Any) -> dict[str, Any]:
    """The fields of the journal's ``fit_start`` event; None where Lightning does not know."""
    accumulate = trainer.accumulate_grad_batches
    batches = _finite(trainer.num_training_batches)
    per_epoch = math.ceil(batches / accumulate) if batches else None
    steps_total = _finite(trainer.estimated_stepping_batches)
    if steps_total is not None and steps_total < 0:
        steps_total = None
    epochs = trainer.max_epochs if trainer.max_epochs and trainer.max_epochs > 0 else None
    if per_epoch and steps_total and (epochs is None or epochs * per_epoch > steps_total):
        epochs = math.ceil(steps_total / per_epoch)
    saver = next(iter(trainer.checkpoint_callbacks), None)
    level, why = guarantee(trainer)
    samples, unit = _samples_per_step(trainer, module)
    return {
        "step": trainer.global_step,
        "epoch": trainer.current_epoch,
        "steps_total": steps_total,
        "epochs_total": epochs,
        "steps_per_epoch": per_epoch,
        "validate_every": _validate_every(trainer, per_epoch),
        "checkpoint_every": getattr(saver, "_every_n_train_steps", None) or None,
        "accumulate": accumulate,
        "world_size": trainer.world_size,
        "device": _device(trainer),
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
    }


def _finite(value: float | None) -> int | None:
    return int(value) if value is not None and math.isfinite(value) else None


def _validate_every(trainer: Any, per_epoch: int | None) -> int | None:
    """Optimizer steps between two validations."""
    if not trainer.enable_validation:
        return None
    if trainer.check_val_every_n_epoch not in (None, 1):
        return per_epoch * trainer.check_val_every_n_epoch if per_epoch else None
    every = _finite(trainer.val_check_batch)
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


def _device(trainer: Any) -> str:
    device = trainer.strategy.root_device
    if device.type == "cuda":
        return f"{device} {torch.cuda.get_device_name(device)}"
    return str(device)


def _max_seconds(trainer: Any) -> float | None:
    for callback in trainer.callbacks:
        duration = getattr(callback, "_duration", None)
        if type(callback).__name__ == "Timer" and duration:
            return float(duration)
    return None
