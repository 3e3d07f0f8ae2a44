"""A resume that was none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.text import count
from cockpit.domain.trouble.trouble import Trouble

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

_TELLING = (None, "Lightning", "transformers")  # whose trainers say at which step they begin; a loop counts as it likes


def not_resumed(state: RunState) -> Trouble | None:
    """The attempt was to go on from a checkpoint and began before it: its command does not mind the checkpoint."""
    wanted, begun = state.resume_step, state.vitals.conditions
    if wanted is None or begun.step >= wanted or (state.launch is not None and state.launch.framework not in _TELLING):
        return None
    at, before = count(begun.step), count(wanted)
    said = f"attempt {state.attempt} began at step {at}, not at {before} where its checkpoint is"
    todo = "Stop it, and see how its command takes a checkpoint ([scripts] in cockpit.toml): it trains anew"
    return Trouble("resume", "bad", f"began at step {at}", said, todo, begun.step, begun.begun)
