"""What is worth telling somebody who does not look: each thing once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.domain.state import State
from cockpit.domain.text import count, duration, number, safe

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

_QUIET = 1800.0  # seconds for which a trouble must have been away before it is told again
_ENDED = (State.FINISHED, State.FAILED, State.KILLED, State.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class Alert:
    """One message."""

    key: str  # what it is about: told once for each
    title: str
    body: str


def alerts(state: RunState) -> tuple[Alert, ...]:
    """What there is to tell about a run now: how it ended, and grave trouble."""
    name = f"{safe(state.name, 40)} {state.short_id}"
    body = _figures(state)
    found = [
        Alert(f"{state.id} {trouble.kind}", f"{name}: {trouble.short}", f"{trouble.text}\n{body}\n{trouble.todo}")
        for trouble in state.troubles
        if trouble.level == "bad"
    ]
    if state.state in _ENDED:
        title = f"{name} {state.state} after {duration(state.active_seconds)}"
        found.append(Alert(f"{state.id} {state.attempt} ended", title, f"{safe(state.evidence, 400)}\n{body}"))
    return tuple(found)


def _figures(state: RunState) -> str:
    best = f", best {safe(state.best.metric, 40)} {number(state.best.value)}" if state.best else ""
    total = f" of {count(state.steps_total)}" if state.steps_total else ""
    where = f" on {safe(state.launch.host, 40)}" if state.launch else ""
    return f"step {count(state.step)}{total}{best}{where}"


class Once:
    """Lets each alert through once; again only after its cause has been away for long."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}  # when each was last there

    def new(self, found: Iterable[Alert], now: float) -> list[Alert]:
        """Those of ``found`` that were not there before; ``now`` in seconds."""
        fresh = []
        for alert in found:
            last = self._seen.get(alert.key)
            if last is None or now - last > _QUIET:
                fresh.append(alert)
            self._seen[alert.key] = now
        return fresh
