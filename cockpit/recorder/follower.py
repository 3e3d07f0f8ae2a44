"""The part of the recorder in every process but the first: it does together with the others what was asked."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from cockpit.domain.secrets import redactor
from cockpit.recorder.answers import Answers
from cockpit.recorder.conditions import check_operations_if_asked
from cockpit.recorder.journal import NoJournal, told_of
from cockpit.recorder.saves import SaveLog
from cockpit.runs.failures import write_failure
from cockpit.runs.layout import ENV_ATTEMPT, RunPaths


class FollowerHooks:
    """Mixed into the ``Callback`` class of whichever Lightning namespace attaches it."""

    def __init__(self, run: RunPaths) -> None:
        silent, self._run = NoJournal(), run
        self._answers = Answers(run, silent, SaveLog(run, silent), ending=lambda reason, detail: None)
        self._step = 0

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """The first step comes next."""
        self._step = trainer.global_step
        check_operations_if_asked()
        self._answers.begin(trainer)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """After a batch; nothing happens in the middle of an accumulation."""
        step = trainer.global_step
        if step != self._step:
            self._step = step
            self._answers.after_step(trainer, step)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Leave word of it: the first process hears no more than that a connection was closed."""
        if not isinstance(exception, Exception):  # a signal, or a stop that was asked for
            return
        kind, *words = told_of(exception)
        message, told = map(redactor(os.environ), words)
        with suppress(OSError):
            attempt = int(os.environ.get(ENV_ATTEMPT, "1"))
            write_failure(self._run, attempt, trainer.global_rank, kind, message, told)

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Give back what was taken over."""
        self._answers.close()
