"""Alerts of the run on the screen: a line, and the terminal's bell or note where cockpit.toml wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.domain.alerts import Alert, Once, alerts
from cockpit.domain.text import safe

if TYPE_CHECKING:
    from textual.app import App

    from cockpit.domain.run import RunState


class Alarm:
    """Knows what was told already. What was there when a run was first looked at is on the screen anyway."""

    def __init__(self) -> None:
        self._once = Once()
        self._known: set[str] = set()

    def new(self, state: RunState) -> list[Alert]:
        """What happened to the run since it was looked at before."""
        if state.launch is None and not state.criteria:  # records that lie there already are still being read
            return []
        fresh = self._once.new(alerts(state), state.updated)
        first = state.id not in self._known
        self._known.add(state.id)
        return [] if first else fresh


def ring(app: App[Any], how: str, text: str) -> None:
    """Draw attention: ``bell``, or ``osc9``, a desktop note that iTerm2, kitty, WezTerm and Windows Terminal show."""
    if how == "bell":
        app.bell()
    elif how == "osc9" and app._driver is not None:
        app._driver.write(f"\x1b]9;{safe(text, 120)}\x07")
