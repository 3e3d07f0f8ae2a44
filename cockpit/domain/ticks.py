"""Round values along an axis, and how they are told in a few cells."""

from __future__ import annotations

import math

_UNITS = {"T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3}


def tick_step(span: float, count: int) -> float:
    """The 1-2-5 step that makes at most ``count`` intervals of ``span``."""
    raw = span / max(1, count)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    return next(lead * power for lead in (1, 2, 5, 10) if lead * power >= raw * (1 - 1e-9))


def ticks(low: float, high: float, count: int, *, log: bool = False) -> list[float]:
    """Round values between ``low`` and ``high``, about ``count`` of them."""
    if log and low > 0:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        leads = (1,) if len(decades) > count else (1, 2, 5) if len(decades) <= max(2, count // 2) else (1, 3)
        return [v for d in decades for lead in leads if low <= (v := lead * 10.0**d) <= high]
    if high <= low:
        return [low]
    step = tick_step(high - low, count)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def told_ticks(low: float, high: float, count: int, width: int, *, log: bool = False) -> dict[float, str]:
    """Ticks with their labels, so few that each can be told in ``width`` cells and none reads like another."""
    while True:
        at = ticks(low, high, count, log=log)
        step = at[1] - at[0] if len(at) > 1 and not log else 0.0
        told = {tick: tick_label(tick, step) for tick in at}
        if count <= 1 or log or all(len(label) <= width and _reads(label, tick, step) for tick, label in told.items()):
            return {tick: label[:width] for tick, label in told.items()}
        count -= 1


def tick_label(value: float, step: float = 0.0) -> str:
    """A tick as short as it can be told: ``1.2k``, ``0.25``, ``3e-4``."""
    magnitude = abs(value)
    if magnitude == 0:
        return "0"
    for suffix, unit in _UNITS.items():
        if magnitude >= unit:
            told = f"{value / unit:.{_decimals(step / unit)}f}" if step > 0 else f"{value / unit:.3g}"
            return (told.rstrip("0").rstrip(".") if "." in told else told) + suffix
    if magnitude < 1e-3:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    return f"{value:.{_decimals(step) if step > 0 else 3}f}"


def _decimals(step: float) -> int:
    return min(6, max(0, -math.floor(math.log10(step) + 1e-9)))


def _reads(label: str, value: float, step: float) -> bool:
    """Whether a label tells its tick from the next one."""
    return abs(float(label.rstrip("kMGT")) * _UNITS.get(label[-1], 1.0) - value) <= step / 10
