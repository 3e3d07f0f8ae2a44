"""One character for a state or a check; the word always stands beside it."""

from __future__ import annotations

from cockpit.domain.state import State

# state: with Unicode, in ASCII
_STATES = {
    State.RUNNING: ("●", "*"),
    State.VALIDATING: ("◐", "o"),
    State.SAVING: ("◐", "o"),
    State.LAUNCHING: ("◐", "o"),
    State.PAUSED: ("‖", "="),
    State.STALLED: ("!", "!"),
    State.STOPPING: ("◐", "o"),
    State.STOPPED: ("■", "#"),
    State.FINISHED: ("✓", "+"),
    State.FAILED: ("✗", "x"),
    State.KILLED: ("✗", "x"),
    State.INTERRUPTED: ("✗", "x"),
    State.UNKNOWN: ("?", "?"),
    State.WATCHED: ("○", "o"),
}
_CHECKS = {
    "ok": ("✓", "+"),
    "warn": ("⚠", "!"),
    "bad": ("✗", "x"),
    "early": ("·", "."),
    "explained": ("✓", "+"),
    "untold": ("?", "?"),
}
_MARKS = {"change": ("Δ", "C"), "note": ("¶", "N")}


def state_glyph(state: State, *, plain: bool = False) -> str:
    """The state's character; ``plain`` where the terminal has only ASCII."""
    return _STATES[state][plain]


def check_glyph(status: str, *, plain: bool = False) -> str:
    """Tick, warning or cross; a dot for what it is too early for."""
    return _CHECKS[status][plain]


def mark_glyph(kind: str, *, plain: bool = False) -> str:
    """The character of a mark on a chart."""
    return _MARKS.get(kind, ("!", "!"))[plain]
