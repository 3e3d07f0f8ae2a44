"""Small drawings made of characters: states, ticks, bars, sparklines."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.domain.glyphs import check_glyph, state_glyph
from cockpit.domain.state import State
from cockpit.tui.cells import Line

_STATE_STYLES = {
    State.RUNNING: "good",
    State.FINISHED: "good",
    State.PAUSED: "warn",
    State.STOPPING: "warn",
    State.INTERRUPTED: "warn",
    State.UNKNOWN: "warn",
    State.STALLED: "bad",
    State.FAILED: "bad",
    State.KILLED: "bad",
    State.STOPPED: "dim",
}
_CHECK_STYLES = {"ok": "good", "warn": "warn", "bad": "bad", "early": "faint", "explained": "good", "untold": "dim"}
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
    return state_glyph(state, plain=plain), _STATE_STYLES.get(state, "accent")


def check_sign(status: str, *, plain: bool = False) -> tuple[str, str]:
    """Tick, warning or cross, with its style."""
    return check_glyph(status, plain=plain), _CHECK_STYLES[status]


def stage_sign(status: str, *, plain: bool = False) -> tuple[str, str]:
    """What has become of a stage; a dot for one that has not begun."""
    pretty, simple, name = _STAGES.get(status, ("·", ".", "faint"))
    return (simple if plain else pretty), name


def bar(share: float | None, width: int, name: str = "bar", empty: str = "bar-empty", *, plain: bool = False) -> Line:
    """A bar of ``width`` cells, exact to an eighth of one; ``name`` and ``empty`` are the styles of its two parts."""
    share = 0.0 if share is None or share != share else max(0.0, min(1.0, share))  # noqa: PLR0124
    if plain:
        full = round(share * width)
        return [("#" * full, name), ("-" * (width - full), empty)]
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    done = "█" * full + (_EIGHTHS[rest] if rest else "")
    return [(done, name), ("░" * (width - len(done)), empty)]


def sparkline(shares: Sequence[float], width: int, *, plain: bool = False) -> str:
    """The last ``width`` values of 0..1, one cell each."""
    levels = _ASCII_LEVELS if plain else _LEVELS
    shown = list(shares)[-width:]
    return "".join(levels[max(1, min(8, round(s * 8)))] for s in shown).rjust(width)
