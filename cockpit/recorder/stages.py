"""Tells the cockpit which of its steps a trainer is in; does nothing when no cockpit is listening."""

from __future__ import annotations

import time
from functools import cache

from cockpit.domain.state import DATA_STAGES, TRAINING_STAGES
from cockpit.recorder.journal import SafeJournal, journal

_NAMES = {"data": DATA_STAGES, "training": TRAINING_STAGES}
_EVERY = 0.25  # seconds between two progress reports of one stage


class StageReporter:
    """Reports the stages of this process into the run's journal."""

    def __init__(self, to: SafeJournal | None) -> None:
        self._journal = to
        self._last: tuple[str, float] = ("", 0.0)

    def report(
        self,
        pipeline: str,
        name: str,
        status: str = "running",
        *,
        detail: str = "",
        done: int | None = None,
        total: int | None = None,
    ) -> None:
        """Say where the run is.

        Args:
            pipeline: ``"data"`` or ``"training"``.
            name: one of ``domain.state.DATA_STAGES`` or ``TRAINING_STAGES``.
            status: ``running``, ``done``, ``skipped`` or ``failed``.
            detail: what was found or made, for a person; counts, not prose.
            done: units finished, of ``total``; calls more often than every 0.25 s are dropped.
            total: units there are.

        Raises:
            ValueError: the pipeline has no such stage.
        """
        names = _NAMES[pipeline]
        index = names.index(name) + 1
        if self._journal is None:
            return
        now = time.monotonic()
        if status == "running" and self._last[0] == name and now - self._last[1] < _EVERY:
            return
        self._last = (name, now)
        self._journal.write(
            "stage", pipeline=pipeline, index=index, of=len(names), name=name,
            status=status, detail=detail, done=done, total=total,
        )  # fmt: skip


@cache
def stages() -> StageReporter:
    """The reporter of this process."""
    return StageReporter(journal())
