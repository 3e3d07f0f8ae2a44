"""Reads checkpoints through beside everything else: gigabytes take seconds, and nobody waits for them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.runs.layout import RunPaths

if TYPE_CHECKING:
    from cockpit.domain.checkpoint import CheckpointReport
    from cockpit.domain.run import RunState


class Inspector:
    """Gives what is known and looks again, on a thread of its own, when a run has other checkpoints than before."""

    def __init__(self) -> None:
        self._seen: tuple[str, object] | None = None  # of which run, and what of it
        self._reports: tuple[CheckpointReport, ...] = ()
        self._thread: threading.Thread | None = None

    def reports(self, state: RunState) -> tuple[CheckpointReport, ...]:
        """The reports of this run's checkpoints, those of another run never; empty until the first are read."""
        wanted = state.path, (tuple((c.path, c.time) for c in state.checkpoints), state.guarantee)
        if wanted != self._seen and (self._thread is None or not self._thread.is_alive()):
            if self._seen is None or self._seen[0] != state.path:
                self._reports = ()
            self._seen = wanted
            self._thread = threading.Thread(target=self._look, args=(state,), daemon=True)
            self._thread.start()
        return self._reports if all(Path(r.checkpoint.path).is_relative_to(state.path) for r in self._reports) else ()

    def _look(self, state: RunState) -> None:
        from cockpit.runs.checkpoints import inspect_checkpoints

        self._reports = inspect_checkpoints(RunPaths(Path(state.path)), state)
