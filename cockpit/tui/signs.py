"""Small drawings made of characters: states, ticks, bars, sparklines."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.domain.run import State
from cockpit.tui.cells import Line

_STATES = {
    State.RUNNING: ("●", "*", "good"),
    State.VALIDATING: ("◐", "o", "accent"),
    State.SAVING: ("◐", "o", "accent"),
    State.LAUNCHING: ("◐", "o", "accent"),
    State.PAUSED: ("‖", "=", "warn"),
    State.STALLED: ("!", "!", "bad"),
    State.STOPPING: ("◐", "o", "warn"),
    State.STOPPED: ("■", "#", "dim"),
    State.FINISHED: ("✓", "+", "good"),
    State.FAILED: ("✗", "x", "bad"),
    State.KILLED: ("✗", "x", "bad"),
    State.INTERRUPTED: ("✗", "x", "warn"),
    State.UNKNOWN: ("?", "?", "warn"),
}
_CHECKS = {"ok": ("✓", "+", "good"), "warn": ("⚠", "!", "warn"), "bad": ("✗", "x", "bad")}
_STAGES = {
    "done": ("✓", "+", "good"),
    "running": ("◐", "o", "accent"),
    "skipped": ("–", "-", "dim"),
    "failed": ("✗", "x", "bad"),
}
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = " ▁▂▃▄▅▆▇█"
_ASCII_LEVELS = " .:-=+*#@"


def state_sign(state: State, *, plain: bool = False) -> tuple[str, str]:
    """Glyph and style; the word stands beside it, so neither colour nor shape is needed."""
    pretty, simple, name = _STATES[state]
    return (simple if plain else pretty), name


def check_sign(status: str, *, plain: bool = False) -> tuple[str, str]:
    """Tick, warning or cross, with its style."""
    pretty, simple, name = _CHECKS[status]
    return (simple if plain else pretty), name


def stage_sign(status: str, *, plain: bool = False) -> tuple[str, str]:
    """What has become of a stage; a dot for one that has not begun."""
    pretty, simple, name = _STAGES.get(status, ("·", ".", "faint"))
    return (simple if plain else pretty), name


def bar(share: float | None, width: int, name: str = "bar", *, plain: bool = False) -> Line:
    """A bar of ``width`` cells, exact to an eighth of one."""
    share = 0.0 if share is None or share != share else max(0.0, min(1.0, share))  # noqa: PLR0124
    if plain:
        full = round(share * width)
        return [("#" * full, name), ("-" * (width - full), "bar-empty")]
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    done = "█" * full + (_EIGHTHS[rest] if rest else "")
    return [(done, name), ("░" * (width - len(done)), "bar-empty")]


def sparkline(shares: Sequence[float], width: int, *, plain: bool = False) -> str:
    """The last ``width`` values of 0..1, one cell each."""
    levels = _ASCII_LEVELS if plain else _LEVELS
    shown = list(shares)[-width:]
    return "".join(levels[max(1, min(8, round(s * 8)))] for s in shown).rjust(width)
