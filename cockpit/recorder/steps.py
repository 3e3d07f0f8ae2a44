"""What every optimizer step gives: loss, gradient norm, learning rate, and whatever else the module logs."""

from __future__ import annotations

import time
from typing import Any

import torch

from cockpit.recorder.budget import Budget
from cockpit.recorder.buffer import ScalarBuffer
from cockpit.recorder.vitals import DataWait, ScalerLog, WeightMotion

FLUSH_EVERY = 0.25  # seconds
_EXTRAS_EVERY = 1.0  # seconds between looks at what else the module logs
_FIRST_NORMS = 32  # steps, in which a training that diverges at once is caught at the very one
_NORM_BUDGET = 0.005  # share of a step that measuring the gradient norm may take
_MOTION_BUDGET = 0.001  # likewise of how far the weights move


class StepLog:
    """Takes the figures of one training; nothing here waits for a device.

    Args:
        buffer: where they go.
        trainer: whose batches and scaler are watched.
        module: whose gradients and weights are measured.
        step: optimizer steps done before this attempt.
    """

    def __init__(self, buffer: ScalarBuffer, trainer: Any, module: Any, step: int) -> None:
        self.step = step
        self.validated: set[str] = set()  # metrics that are points of a validation, not of a step
        self._buffer = buffer
        names = ("train/loss", "lr", "grad_norm", "update_ratio", "data_wait")
        self._loss, self._rate, self._norm, self._ratio, self._wait = map(buffer.tag, names)
        self._parameters = [p for p in module.parameters() if p.requires_grad and _is_whole(p)]
        self._norm_budget = Budget(_NORM_BUDGET, step, _FIRST_NORMS)
        self._motion_budget = Budget(_MOTION_BUDGET, step)
        self._motion = WeightMotion(self._parameters)
        self._moving = False  # the weights are remembered, and the step is not done
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        self._scaler = ScalerLog(scaler) if scaler is not None else None
        self._data = DataWait(trainer)
        self._last_flush = self._last_extras = time.monotonic()

    def update_is_due(self) -> bool:
        """Whether something is to be measured around the update of the weights that comes next."""
        step = self.step
        return step >= self._norm_budget.due or step >= self._motion_budget.due or self._scaler is not None

    def before_update(self, optimizer: Any) -> None:
        """Gradients are whole and unscaled, and the weights still what they were."""
        if self._scaler is not None:
            self._scaler.before_step(optimizer)
        if self.step >= self._norm_budget.due:
            self._measure_norm()
        if self.step >= self._motion_budget.due:
            self._moving = True
            self._motion.before_step()

    def _measure_norm(self) -> None:
        began = time.monotonic()
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        if gradients:
            self._buffer.add(self.step + 1, time.time(), self._norm, torch.nn.utils.get_total_norm(gradients))
        self._norm_budget.spent(self.step, began)

    def _measure_motion(self, step: int) -> None:
        self._moving = False
        began = time.monotonic()
        moved = self._motion.after_step()
        if moved is not None:
            self._buffer.add(step, time.time(), self._ratio, moved)
        # remembering them has cost about as much as comparing
        self._motion_budget.spent(step, 2 * began - time.monotonic())

    def after_step(self, trainer: Any, step: int, outputs: Any) -> None:
        """A step is done; ``outputs`` is what Lightning hands to ``on_train_batch_end``."""
        if self._moving:
            self._measure_motion(step)
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
            self.add_conditions()
        self._buffer.flush()
        self._last_flush = now

    def _add_extras(self, metrics: dict[str, Any]) -> None:
        """Whatever else the module logs; the loss and the epoch counter are known already."""
        now = time.time()
        for name, value in metrics.items():
            known = name.startswith(("train/loss", "train_loss")) or name in ("epoch", "loss") or name in self.validated
            if not known and isinstance(value, torch.Tensor) and value.numel() == 1:
                self._buffer.add(self.step, now, self._buffer.tag(name), value)

    def add_conditions(self) -> None:
        """What is measured second by second, up to now."""
        now = time.time()
        if self._data.measured:
            self._buffer.add_number(self.step, now, self._wait, self._data.take())
        if self._scaler is not None:
            for name, figure in self._scaler.figures().items():
                self._buffer.add(self.step, now, self._buffer.tag(name), figure)


def _is_whole(parameter: torch.Tensor) -> bool:
    """Whether this process holds all of it: the norm of a sharded one would wait for processes that do not ask."""
    return not hasattr(parameter, "device_mesh")
