"""The callback that writes a training down: scalars, phases, checkpoints, and the answers to requests."""

from __future__ import annotations

import atexit
import math
import os
import platform
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from cockpit.domain.curves import is_training
from cockpit.domain.text import counted
from cockpit.errors import EXIT_RUN_IN_USE
from cockpit.recorder.answers import Answers
from cockpit.recorder.buffer import ScalarBuffer
from cockpit.recorder.claim import claim
from cockpit.recorder.conditions import check_operations_if_asked
from cockpit.recorder.durable import remove_leftovers
from cockpit.recorder.facts import fit_facts
from cockpit.recorder.harmless import Harmless, harmless
from cockpit.recorder.journal import SafeJournal, warn
from cockpit.recorder.news import News
from cockpit.recorder.orders import StopTraining
from cockpit.recorder.output import outlive_full_disk
from cockpit.recorder.saves import SaveLog
from cockpit.recorder.stages import stages
from cockpit.recorder.steps import StepLog
from cockpit.recorder.tags import known_tags
from cockpit.recorder.trackers import describe
from cockpit.runs.layout import ENV_ATTEMPT, RunPaths
from cockpit.runs.process import start_time
from cockpit.runs.scalars import ScalarWriter

_PROGRESS_EVERY = 1.0  # seconds


class RecorderHooks(Harmless):
    """Mixed into the ``Callback`` class of whichever Lightning namespace attaches it, in the first process."""

    def __init__(self, run: RunPaths, journal: SafeJournal) -> None:
        super().__init__(journal)
        self._run = run
        self._attempt = int(os.environ.get(ENV_ATTEMPT, "1"))
        self._saves = SaveLog(run, journal)
        self._answers = Answers(run, journal, self._saves, ending=self._end)
        self._buffer: ScalarBuffer | None = None
        self._steps: StepLog | None = None
        self._step = 0
        self._phase_began = self._phase_told = 0.0
        self._updating = False  # the optimizer has begun to change the weights, and the step is not done
        self._ended = False
        self._news: News | None = None

    # -- beginning ----------------------------------------------------------------------------------------

    @harmless
    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Claim the run, then make checkpoints durable and at home in it.

        Raises:
            SystemExit: another trainer holds the run.
        """
        if stage != "fit" or self._buffer is not None:
            return
        if not claim(self._run, "Lightning"):
            warn(f"another trainer holds {self._run.root}; this one leaves")
            raise SystemExit(EXIT_RUN_IN_USE)
        outlive_full_disk()
        self._buffer = ScalarBuffer(ScalarWriter(self._run.scalars), self._journal, known_tags(self._run))
        atexit.register(self._buffer.flush, wait=True)
        remove_leftovers(self._run.checkpoints)
        self._journal.write(
            "attach", attempt=self._attempt, pid=os.getpid(), start_time=start_time(os.getpid()),
            python=platform.python_version(), torch=torch.__version__,
            lightning=sys.modules[type(trainer).__module__.split(".")[0]].__version__,
        )  # fmt: skip
        self._saves.adopt(trainer)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Everything is loaded; the first step comes next."""
        self._step = self._saves.last_step = trainer.global_step
        check_operations_if_asked()
        self._begin_record(trainer, pl_module)
        self._name_trackers(trainer)
        self._begin_answers(trainer)

    @harmless
    def _name_trackers(self, trainer: Any) -> None:
        for tracker in filter(None, map(describe, trainer.loggers)):
            self._journal.write("tracker", **asdict(tracker))
        self._news = News(self._run, trainer.loggers)

    @harmless
    def _begin_answers(self, trainer: Any) -> None:
        self._answers.begin(trainer)

    @harmless
    def _begin_record(self, trainer: Any, pl_module: Any) -> None:
        if self._buffer is None:
            return
        facts = fit_facts(trainer, pl_module)
        step = trainer.global_step
        if self._attempt > 1 or self._buffer.tag_count:  # or a second fit of the same process
            self._buffer.mark_attempt(step, time.time(), self._attempt)
            self._buffer.flush()
        self._journal.write("fit_start", **facts)
        resumed = facts["resumed_from"]
        where = f"{Path(resumed).name}: step {step}" if resumed else "fresh start"
        stages().report("training", "load checkpoint", "done" if resumed else "skipped", detail=where)
        stages().report("training", "train", "running", detail=counted(facts["steps_total"], "step"))
        self._steps = StepLog(self._buffer, trainer, pl_module, step)

    # -- stepping -----------------------------------------------------------------------------------------

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Gradients are whole, and unscaled."""
        self._updating = True
        if self._steps is not None and self._steps.update_is_due():
            self._measure(self._steps, optimizer)

    @harmless
    def _measure(self, steps: StepLog, optimizer: Any) -> None:
        steps.before_update(optimizer)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """After a batch; nothing happens in the middle of an accumulation."""
        self._updating = False
        step = trainer.global_step
        if step != self._step:
            self._step = step
            self._record(trainer, step, outputs)
            self._answer(trainer, step)
            self._pass_on()

    @harmless
    def _pass_on(self) -> None:
        if self._news is not None:
            self._news.after_step(self._step)

    @harmless
    def _pass_on_the_rest(self) -> None:
        if self._news is not None:
            self._news.end(self._step)

    @harmless
    def _record(self, trainer: Any, step: int, outputs: Any) -> None:
        if self._steps is not None:
            self._steps.after_step(trainer, step, outputs)

    @harmless
    def _answer(self, trainer: Any, step: int) -> None:
        self._answers.after_step(trainer, step)

    # -- phases -------------------------------------------------------------------------------------------

    @harmless
    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """An epoch begins."""
        self._journal.write("epoch", epoch=trainer.current_epoch, step=trainer.global_step)

    @harmless
    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """A validation begins; what was measured before it goes to disk first."""
        if self._buffer is not None:
            self._buffer.flush()
        batches = sum(b for b in trainer.num_val_batches if math.isfinite(b))
        self._phase_began = self._phase_told = time.monotonic()
        self._journal.write(
            "validation_start", step=trainer.global_step, epoch=trainer.current_epoch,
            batches=batches or None, sanity=trainer.sanity_checking,
        )  # fmt: skip

    @harmless
    def on_validation_batch_end(self, trainer: Any, *args: Any) -> None:
        """Progress, at most once a second."""
        now = time.monotonic()
        if now - self._phase_told >= _PROGRESS_EVERY:
            self._phase_told = now
            done = trainer._evaluation_loop.batch_progress.current.ready
            self._journal.write("progress", phase="validation", done=done, total=None)

    @harmless
    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Its metrics, as one point each."""
        metrics = {} if trainer.sanity_checking else trainer.callback_metrics
        values = {n: v.item() for n, v in metrics.items() if not is_training(n)}
        self._journal.write(
            "validation_end", step=trainer.global_step, epoch=trainer.current_epoch, metrics=values,
            seconds=time.monotonic() - self._phase_began, sanity=trainer.sanity_checking,
        )  # fmt: skip
        if self._buffer is None or self._steps is None:
            return
        self._steps.validated.update(values)
        for name, value in values.items():
            self._buffer.add_number(trainer.global_step, time.time(), self._buffer.tag(name), value)
        self._buffer.flush()
        if values:
            stages().report("training", "log metrics", detail=counted(self._buffer.tag_count, "metric"))

    @harmless
    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """A checkpoint is about to be written; what led to it goes to disk first, so that a resume leaves no gap."""
        if self._buffer is not None:
            self._buffer.flush(wait=True)
        self._saves.weigh(trainer, checkpoint)

    # -- ending -------------------------------------------------------------------------------------------

    @harmless
    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """The loop is through."""
        step = trainer.global_step
        stages().report("training", "train", "done", detail=counted(step, "step"))
        stages().report("training", "save checkpoints", "done", detail=f"{self._saves.count} saved")
        if self._buffer is not None:
            stages().report("training", "log metrics", "done", detail=counted(self._buffer.tag_count, "metric"))
        self._end("finished", f"all {counted(step, 'step')} done")

    @harmless
    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Whatever ended it, unless we did."""
        self._flush_all()
        if isinstance(exception, StopTraining) or self._ended:
            return
        self._journal.write_exception(exception)
        if not self._updating:
            self._answers.after_failure(trainer, exception)
        self._pass_on_the_rest()

    @harmless
    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Give back what was taken over."""
        self._answers.close()
        if self._buffer is not None:
            self._buffer.flush(wait=True)

    def _end(self, reason: str, detail: str) -> None:
        self._ended = True
        self._answers.over()
        self._flush_all()
        self._journal.write("end", durable=True, reason=reason, step=self._step, detail=detail)
        self._pass_on_the_rest()

    def _flush_all(self) -> None:
        if self._steps is not None:
            self._steps.add_conditions()
        if self._buffer is not None:
            self._buffer.flush(wait=True)
