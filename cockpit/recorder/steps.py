"""What every optimizer step gives: loss, gradient norm, learning rate, and whatever else the module logs."""

from __future__ import annotations

import math
import time
from typing import Any

import torch

from cockpit.recorder.buffer import ScalarBuffer

FLUSH_EVERY = 0.25  # seconds
_EXTRAS_EVERY = 1.0  # seconds between looks at what else the module logs
_FIRST_NORMS = 32  # steps, in which a training that diverges at once is caught at the very one
_NORM_BUDGET = 0.005  # share of a step that measuring the gradient norm may take


class StepLog:
    """Takes the figures of one training; nothing here waits for a device.

    Args:
        buffer: where they go.
        module: whose gradients are measured.
        step: optimizer steps done before this attempt.
    """

    def __init__(self, buffer: ScalarBuffer, module: Any, step: int) -> None:
        self.step = step
        self.validated: set[str] = set()  # metrics that are points of a validation, not of a step
        self._buffer = buffer
        self._loss, self._rate, self._norm = (buffer.tag(name) for name in ("train/loss", "lr", "grad_norm"))
        self._parameters = [p for p in module.parameters() if p.requires_grad and _is_whole(p)]
        self._norm_due = self._norm_step = step
        self._norms_until = step + _FIRST_NORMS
        self._norm_began = self._last_flush = self._last_extras = time.monotonic()

    def norm_is_due(self) -> bool:
        """Whether this step's gradient norm is to be measured: at first always, then as its share of time allows."""
        return self.step >= self._norm_due or self.step < self._norms_until

    def measure_norm(self) -> None:
        """Measure the gradient norm, of whole and unscaled gradients."""
        began = time.monotonic()
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        if gradients:
            self._buffer.add(self.step + 1, time.time(), self._norm, torch.nn.utils.get_total_norm(gradients))
        cost = time.monotonic() - began
        pace = (began - self._norm_began) / max(1, self.step - self._norm_step)
        self._norm_due = self.step + max(1, math.ceil(cost / (_NORM_BUDGET * pace)))
        self._norm_began, self._norm_step = began, self.step

    def after_step(self, trainer: Any, step: int, outputs: Any) -> None:
        """A step is done; ``outputs`` is what Lightning hands to ``on_train_batch_end``."""
        self.step = step
        loss = outputs["loss"] if isinstance(outputs, dict) else outputs
        if isinstance(loss, torch.Tensor):
            self._buffer.add(step, time.time(), self._loss, loss)
        now = time.monotonic()
        if now - self._last_flush >= FLUSH_EVERY:
            self._flush(trainer, now)

    def _flush(self, trainer: Any, now: float) -> None:
        if trainer.optimizers:
            rate = float(trainer.optimizers[0].param_groups[0]["lr"])
            self._buffer.add_number(self.step, time.time(), self._rate, rate)
        if now - self._last_extras >= _EXTRAS_EVERY:
            self._last_extras = now
            self._add_extras(trainer.logged_metrics)
        self._buffer.flush()
        self._last_flush = now

    def _add_extras(self, metrics: dict[str, Any]) -> None:
        """Whatever else the module logs; the loss and the epoch counter are known already."""
        now = time.time()
        for name, value in metrics.items():
            known = name.startswith(("train/loss", "train_loss")) or name in ("epoch", "loss") or name in self.validated
            if not known and isinstance(value, torch.Tensor) and value.numel() == 1:
                self._buffer.add(self.step, now, self._buffer.tag(name), value)


def _is_whole(parameter: torch.Tensor) -> bool:
    """Whether this process holds all of it: the norm of a sharded one would wait for processes that do not ask."""
    return not hasattr(parameter, "device_mesh")
