"""What a training is judged by beside its loss: waiting for data, skipped steps, how far the weights move."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

_TENSORS, _ELEMENTS = 16, 4096  # of the weights, the sample whose movement is measured


class DataWait:
    """Clocks how long the training loop waits for its batches.

    Args:
        trainer: whose loop; one without the fetch hooks of Lightning 2 is not clocked.
    """

    def __init__(self, trainer: Any) -> None:
        self._waited = self._began = 0.0
        self._since = time.perf_counter()
        loop = trainer.fit_loop.epoch_loop
        before, after = getattr(loop, "_on_before_fetch", None), getattr(loop, "_on_after_fetch", None)
        self.measured = before is not None and after is not None
        if before is not None and after is not None:
            loop._on_before_fetch, loop._on_after_fetch = self._clocked(before, after)

    def _clocked(self, before: Callable[[], None], after: Callable[[], None]) -> tuple[Callable[[], None], ...]:
        clock = time.perf_counter

        def begin() -> None:
            before()
            self._began = clock()

        def end() -> None:
            self._waited += clock() - self._began
            after()

        return begin, end

    def take(self) -> float:
        """The share of the time since the last call that was spent waiting, 0..1."""
        now = time.perf_counter()
        share = self._waited / max(1e-9, now - self._since)
        self._waited, self._since = 0.0, now
        return min(1.0, share)


class ScalerLog:
    """Counts the steps that a GradScaler skips, on the device, so that no step waits to know.

    Args:
        scaler: a ``torch.amp.GradScaler``.
    """

    def __init__(self, scaler: Any) -> None:
        self._scaler = scaler
        self._skipped: torch.Tensor | None = None
        self._in_a_row: torch.Tensor | None = None

    def before_step(self, optimizer: Any) -> None:
        """The gradients are unscaled, and the scaler has noted whether one of them is not finite."""
        found = list(self._scaler._per_optimizer_states[id(optimizer)]["found_inf_per_device"].values())
        if not found:
            return
        bad = found[0] if len(found) == 1 else torch.stack([each.to(found[0].device) for each in found]).amax(0)
        if self._skipped is None or self._in_a_row is None:
            self._skipped, self._in_a_row = torch.zeros_like(bad), torch.zeros_like(bad)
        self._skipped.add_(bad)
        self._in_a_row.add_(bad).mul_(bad)

    def figures(self) -> dict[str, torch.Tensor]:
        """The scale, the steps skipped so far, and those of them that came last without a step between."""
        if self._skipped is None or self._in_a_row is None:
            return {}
        scale = self._scaler._scale
        figures = {"amp/skipped": self._skipped.clone(), "amp/skipped_in_a_row": self._in_a_row.clone()}
        return figures if scale is None else {"amp/scale": scale.clone(), **figures}


class WeightMotion:
    """How far one optimizer step moves the weights, as a share of their norm, on a sample of them.

    Args:
        parameters: those that are trained, and whole in this process.
    """

    def __init__(self, parameters: list[torch.Tensor]) -> None:
        stride = max(1, len(parameters) // _TENSORS)
        self._sample = parameters[::stride][:_TENSORS]
        self._before: list[torch.Tensor] = []

    @torch.no_grad()
    def before_step(self) -> None:
        """Remember the weights."""
        self._before = [self._flat(p).clone() for p in self._sample]

    @torch.no_grad()
    def after_step(self) -> torch.Tensor | None:
        """``|after - before| / |before|``; None where the weights were not remembered, or are all zero in shape."""
        before, self._before = self._before, []
        if not before:
            return None
        moved = [self._flat(p) - old for p, old in zip(self._sample, before, strict=True)]
        return torch.nn.utils.get_total_norm(moved) / torch.nn.utils.get_total_norm(before).clamp_min(1e-30)

    @staticmethod
    def _flat(parameter: torch.Tensor) -> torch.Tensor:
        return parameter.detach().reshape(-1)[:_ELEMENTS].float()
