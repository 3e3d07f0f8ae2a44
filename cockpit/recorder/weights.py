"""What one optimizer step does to each layer: norms of weights, gradients, update, and what of them is not finite."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

from cockpit.domain.weights import Group, Layer

_COPY = 128 * 2**20  # bytes of weights that are remembered over the step; of more, a part of each large tensor
_SMALL = 65_536  # elements of a tensor that is always remembered whole


class StepOfOne:
    """One step of one optimizer; a fault in here ends the measurement and never the training.

    Args:
        optimizer: whose hooks call :meth:`before` and :meth:`after`.
        names: of its parameters, by their ids.
        stride: see :func:`stride_of`.
        done: called when the figures are there.
        failed: called with the reason if they never will be.
    """

    def __init__(
        self, optimizer: Any, names: Mapping[int, str], stride: int, done: Callable[[], None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.layers: list[Layer] = []
        self.updates: list[float] = []  # norm of each layer's
        self.groups: list[Group] = []
        self.seconds, self.bytes, self.elements, self.remembered = 0.0, 0, 0, 0
        self._optimizer, self._names, self._stride = optimizer, names, stride
        self._done, self._failed = done, failed
        self._before: list[tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]] = []  # parameter, part of it, norms
        self._broken = False

    def before(self, optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any] | None:
        """Lightning's gradients come only in the closure that it hands to the step: remember all behind it."""
        named = "closure" in kwargs
        closure = kwargs["closure"] if named else args[1] if len(args) > 1 else None
        if closure is None:
            self._guarded(self._remember)
            return None

        def then_remember() -> Any:
            result = closure()
            self._guarded(self._remember)
            return result

        if named:
            return args, kwargs | {"closure": then_remember}
        return (args[0], then_remember, *args[2:]), kwargs

    def after(self, optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The weights have moved."""
        if self._before and not self.layers:
            self._guarded(self._compare)
            self._guarded(self._done)

    def _guarded(self, part: Callable[[], None]) -> None:
        if self._broken:
            return
        began = time.perf_counter()
        try:
            part()
        except Exception as error:  # above all: no memory left for the copy
            self._broken, self._before = True, []
            self._failed(f"{type(error).__name__}: {str(error)[:200]}")
        self.seconds += time.perf_counter() - began

    @torch.no_grad()
    def _remember(self) -> None:
        found = getattr(self._optimizer, "found_inf", None)  # of a fused optimizer, which skips the step by itself
        if self._before or self.layers or (found is not None and bool(found)):
            return
        scale = getattr(self._optimizer, "grad_scale", None)
        for parameter in trained(self._optimizer):
            part = _part(parameter, self._stride).clone()
            gradient = torch.full((), math.nan) if parameter.grad is None else _norm(parameter.grad)
            gradient = gradient if scale is None else gradient / scale.to(gradient.device)
            self._before.append((parameter, part, [_norm(parameter), _norm(part), gradient]))
            self.bytes += part.numel() * part.element_size()
            self.elements += parameter.numel()
            self.remembered += part.numel()

    @torch.no_grad()
    def _compare(self) -> None:
        device = self._before[0][0].device
        norms = [
            [*known, _norm(_wide(_part(parameter, self._stride)) - _wide(part)), _norm(parameter)]
            for parameter, part, known in self._before
        ]
        figures = torch.stack([n.to(device, torch.float32) for each in norms for n in each]).reshape(-1, 5).tolist()
        self.layers = [
            self._layer(parameter, part, *figure)
            for (parameter, part, _), figure in zip(self._before, figures, strict=True)
        ]
        self._before = []
        self._add_groups()

    def _layer(
        self, parameter: torch.Tensor, part: torch.Tensor, weight: float, of_part: float, gradient: float,
        moved: float, after: float,
    ) -> Layer:  # fmt: skip
        self.updates.append(moved * math.sqrt(parameter.numel() / max(1, part.numel())))
        grad = parameter.grad
        return Layer(
            name=self._names.get(id(parameter), f"tensor {len(self.updates) - 1}"),
            elements=parameter.numel(),
            matrix=parameter.dim() > 1,
            ratio=moved / of_part if of_part else None,
            weight=weight,
            gradient=None if grad is None else gradient,
            bad_weights=0 if math.isfinite(after) else _not_finite(parameter),
            bad_gradients=0 if grad is None or math.isfinite(gradient) else _not_finite(grad),
        )

    def _add_groups(self) -> None:
        first = 0
        for group in self._optimizer.param_groups:
            last = first + sum(map(_is_trained, group["params"]))
            ratio = ratio_of(self.updates[first:last], self.layers[first:last])
            rate = group.get("lr")
            self.groups.append(Group(None if rate is None else float(rate), last - first, ratio))
            first = last


def ratio_of(updates: list[float], layers: list[Layer]) -> float | None:
    """Of several layers seen as one."""
    weight = math.hypot(*(layer.weight for layer in layers))
    return math.hypot(*updates) / weight if weight else None


def trained(optimizer: Any) -> list[torch.Tensor]:
    """The tensors that an optimizer moves, in the order of its groups."""
    return [p for group in optimizer.param_groups for p in group["params"] if _is_trained(p)]


def _is_trained(parameter: torch.Tensor) -> bool:
    return parameter.requires_grad and parameter.numel() > 0


def stride_of(optimizers: Iterable[Any]) -> int:
    """``n``, where every n-th element of a large tensor is remembered, so that the copy stays within its limit."""
    return math.ceil(sum(p.numel() * p.element_size() for each in optimizers for p in trained(each)) / _COPY)


def _part(parameter: torch.Tensor, stride: int) -> torch.Tensor:
    """What is remembered of it, flat; a stride that divides the rows would meet the same columns again and again."""
    flat = _dense(parameter).reshape(-1)
    if stride < 2 or flat.numel() <= _SMALL:
        return flat
    while math.gcd(stride, parameter.shape[-1]) > 1:
        stride += 1
    return flat[::stride]


def _dense(tensor: torch.Tensor) -> torch.Tensor:
    """Its numbers: those of a sparse gradient that are there, of complex ones both parts."""
    tensor = tensor.detach()
    tensor = tensor.coalesce().values() if tensor.is_sparse else tensor
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def _wide(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def _norm(tensor: torch.Tensor) -> torch.Tensor:
    dense = _dense(tensor)
    norm: torch.Tensor = torch.linalg.vector_norm(dense, dtype=torch.promote_types(dense.dtype, torch.float32))
    return norm


def _not_finite(tensor: torch.Tensor) -> int:
    """How many of its numbers are NaN or infinite; a part at a time, as the answer is larger than it looks."""
    return sum(int((~chunk.isfinite()).sum()) for chunk in torch.split(_dense(tensor).reshape(-1), 2**24))
