"""Tells the cockpit which of its steps a trainer is in; does nothing when no cockpit is listening."""

from __future__ import annotations

import os
import time
from pathlib import Path

from cockpit.domain.run import DATA_STAGES, TRAINING_STAGES
from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import ENV_RUN_DIR, RunPaths

_NAMES = {"data": DATA_STAGES, "training": TRAINING_STAGES}
_EVERY = 0.25  # seconds between two progress reports of one stage


class StageReporter:
    """Reports the stages of this process into the run's journal."""

    def __init__(self, journal: JournalWriter | None) -> None:
        self._journal = journal
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
            name: one of ``domain.run.DATA_STAGES`` or ``TRAINING_STAGES``.
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


_reporter: StageReporter | None = None


def stages() -> StageReporter:
    """The reporter of this process."""
    global _reporter  # noqa: PLW0603 - one journal has one writer, so one reporter per process
    if _reporter is None:
        run = os.environ.get(ENV_RUN_DIR)
        on_main = os.environ.get("LOCAL_RANK", "0") == "0"
        _reporter = StageReporter(JournalWriter(RunPaths(Path(run)).journal) if run and on_main else None)
    return _reporter
