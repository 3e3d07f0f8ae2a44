"""How two texts of a config differ."""

from __future__ import annotations

import difflib

from cockpit.domain.secrets import redact

_LINES = 40


def edited_lines(then: str, today: str) -> tuple[str, ...]:
    """Lines in which a config file differs today from the copy that a run trains with, without secrets."""
    lines = difflib.unified_diff(then.splitlines(), today.splitlines(), "this run", "today", lineterm="", n=0)
    return tuple(redact(line) for line in lines if not line.startswith("@@"))[:_LINES]
