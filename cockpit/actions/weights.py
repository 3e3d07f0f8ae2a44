"""How far a step moves each layer of a running training: asked of its trainer, answered through its journal."""

from __future__ import annotations

import time
from collections.abc import Callable

from cockpit.actions.control import ask, wait_for_answer
from cockpit.domain.text import safe
from cockpit.domain.weights import Weighed
from cockpit.errors import NotPossible
from cockpit.runs.journal import JournalTail
from cockpit.runs.layout import RunPaths
from cockpit.runs.weights import weighed_of


def weigh(run: RunPaths, seconds: float, tick: Callable[[float], None] = time.sleep) -> Weighed:
    """Have the next optimizer step measured, and wait for the figures at most ``seconds``.

    It changes nothing; for that step the trainer holds a copy of at most 128 MiB of its weights.

    Raises:
        NotPossible: the run is not active, nothing in it listens, it refused, or it did not answer in time.
    """
    request = ask(run, "weights")
    answer = wait_for_answer(run, request, seconds, tick)
    for event in JournalTail(run.journal).stream()[0]:
        asked = event.get("requests")
        if event["event"] == "weights" and isinstance(asked, list) and request.id in asked:
            return weighed_of(event)
    raise NotPossible(f"It was told without figures: {safe(answer.get('detail'))}", "Nothing was measured")
