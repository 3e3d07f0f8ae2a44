"""The part of the recorder in every process but the first: it does together with the others what was asked."""

from __future__ import annotations

from typing import Any

from cockpit.recorder.answers import Answers
from cockpit.recorder.journal import NoJournal
from cockpit.recorder.saves import SaveLog
from cockpit.runs.layout import RunPaths


class FollowerHooks:
    """Mixed into the ``Callback`` class of whichever Lightning namespace attaches it."""

    def __init__(self, run: RunPaths) -> None:
        silent = NoJournal()
        self._answers = Answers(run, silent, SaveLog(run, silent), ending=lambda reason, detail: None)
        self._step = 0

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """The first step comes next."""
        self._step = trainer.global_step
        self._answers.begin(trainer)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """After a batch; nothing happens in the middle of an accumulation."""
        step = trainer.global_step
        if step != self._step:
            self._step = step
            self._answers.after_step(trainer, step)

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Give back what was taken over."""
        self._answers.close()
