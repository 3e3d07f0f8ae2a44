"""Under what conditions a training can be had again, and who else writes it down."""

from __future__ import annotations

import os
from typing import Any

import torch

from cockpit.runs.layout import ENV_ANOMALY


def check_operations_if_asked() -> None:
    """Let torch find the operation that makes a NaN; to be called inside the fit, which sets it back at its end."""
    if ENV_ANOMALY in os.environ:
        torch.autograd.set_detect_anomaly(True)


def conditions(trainer: Any) -> dict[str, Any]:
    """Fields of the journal's ``fit_start`` event; None where nobody has said."""
    loader = getattr(trainer, "train_dataloader", None)
    return {
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "seed_workers": os.environ.get("PL_SEED_WORKERS") == "1",
        "data_fingerprint": _fingerprint(trainer),
        "workers": workers if isinstance(workers := getattr(loader, "num_workers", None), int) else None,
        "loggers": [type(logger).__name__ for logger in trainer.loggers],
        "scaler": getattr(trainer.precision_plugin, "scaler", None) is not None,
        "anomaly": torch.is_anomaly_enabled(),
    }


def device_name(device: torch.device) -> str:
    """``cuda:0 NVIDIA H100``, or ``cpu``."""
    return f"{device} {torch.cuda.get_device_name(device)}" if device.type == "cuda" else str(device)


def checkpoint_every(trainer: Any) -> int | None:
    """Optimizer steps after which a checkpoint is sure to be saved, whatever a metric says; None if none is."""
    sure = [
        every
        for saver in trainer.checkpoint_callbacks
        if (every := getattr(saver, "_every_n_train_steps", None)) and _saves_always(saver)
    ]
    return min(sure, default=None)


def _saves_always(saver: Any) -> bool:
    """A saver that keeps the best of a metric saves nothing while it gets worse."""
    monitor, keep = getattr(saver, "monitor", None), getattr(saver, "save_top_k", 1)
    return bool(monitor in (None, "step", "epoch") or keep == -1 or getattr(saver, "save_last", None))


def _fingerprint(trainer: Any) -> str | None:
    """What a DataModule says of its data by an attribute ``fingerprint``, or a method of that name."""
    told = getattr(trainer.datamodule, "fingerprint", None)
    told = told() if callable(told) else told
    return str(told)[:64] if told else None
