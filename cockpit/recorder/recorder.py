"""The callback that writes a training down: scalars, phases, checkpoints, and the answers to requests."""

from __future__ import annotations

import atexit
import fcntl
import math
import os
import platform
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import torch

from cockpit.errors import EXIT_RUN_IN_USE
from cockpit.recorder.buffer import ScalarBuffer
from cockpit.recorder.durable import DurableSave, remove_leftovers
from cockpit.recorder.facts import fit_facts
from cockpit.recorder.journal import SafeJournal, warn
from cockpit.recorder.orders import Inbox, Signals, StopTraining
from cockpit.recorder.output import outlive_full_disk
from cockpit.recorder.stages import stages
from cockpit.runs.layout import ENV_ATTEMPT, RunPaths
from cockpit.runs.process import start_time
from cockpit.runs.requests import Request
from cockpit.runs.scalars import ScalarWriter

FLUSH_EVERY = 0.25  # seconds
EXTRAS_EVERY = 1.0  # seconds between looks at what else the module logs
NORM_BUDGET = 0.02  # share of a step that measuring the gradient norm may take
_ORDER = ("checkpoint", "stop", "pause", "continue")  # in which wishes of one moment are met: a stop before a pause


class RecorderHooks:
    """Mixed into the ``Callback`` class of whichever Lightning namespace attaches it. Rank 0 only."""

    def __init__(self, run: RunPaths, journal: SafeJournal) -> None:
        self._run, self._journal = run, journal
        self._attempt = int(os.environ.get(ENV_ATTEMPT, "1"))
        self._begun = time.time()
        self._buffer: ScalarBuffer | None = None
        self._inbox = Inbox(run, self._begun)
        self._signals = Signals()
        self._step = 0
        self._last_flush = self._last_extras = 0.0
        self._norm_every, self._norm_cost, self._step_cost = 1, 0.0, 0.0
        self._phase_began = 0.0
        self._kind = "saved"
        self._save_error = ""
        self._saved: dict[str, Any] = {}  # path and bytes of the newest save
        self._saves = 0
        self._ended = False
        self._validated: set[str] = set()  # metrics that are points of a validation, not of a step

    # -- beginning ----------------------------------------------------------------------------------------

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Claim the run, then make checkpoints durable and at home in it."""
        if stage != "fit" or self._buffer is not None:
            return
        self._lock()
        outlive_full_disk()
        self._buffer = ScalarBuffer(ScalarWriter(self._run.scalars), self._journal)
        atexit.register(self._flush_at_exit)
        remove_leftovers(self._run.checkpoints)
        self._journal.write(
            "attach", attempt=self._attempt, pid=os.getpid(), start_time=start_time(os.getpid()),
            python=platform.python_version(), torch=torch.__version__,
            lightning=sys.modules[type(trainer).__module__.split(".")[0]].__version__,
        )  # fmt: skip
        for callback in trainer.checkpoint_callbacks:
            if getattr(callback, "dirpath", "") is None:
                callback.dirpath = str(self._run.checkpoints)
        strategy = trainer.strategy
        strategy.checkpoint_io = DurableSave(
            strategy.checkpoint_io,
            saving=lambda path: self._on_saving(trainer, path),
            saved=lambda path, count, seconds: self._on_saved(trainer, path, count, seconds),
            failed=self._on_failed,
            removed=lambda path: self._journal.write("checkpoint_gone", path=self._relative(path)),
        )

    def _lock(self) -> None:
        """Hold the run for the life of this process."""
        self._lock_fd = os.open(self._run.trainer_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            same = os.path.samestat(os.fstat(self._lock_fd), os.stat(self._run.trainer_lock))
        except OSError:
            same = False
        if not same:
            warn(f"another trainer holds {self._run.root}; this one leaves")
            raise SystemExit(EXIT_RUN_IN_USE)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Everything is loaded; the first step comes next."""
        buffer = self._ready()
        facts = fit_facts(trainer, pl_module)
        self._step = trainer.global_step
        now = time.time()
        if self._attempt > 1:
            buffer.mark_attempt(self._step, now, self._attempt)
            buffer.flush()
        self._journal.write("fit_start", **facts)
        resumed = facts["resumed_from"]
        where = f"{Path(resumed).name}: step {facts['step']}" if resumed else "fresh start"
        stages().report("training", "load checkpoint", "done" if resumed else "skipped", detail=where)
        stages().report("training", "train", "running", detail=f"{facts['steps_total'] or '?'} steps")
        self._loss_tag, self._lr_tag, self._norm_tag = (buffer.tag(n) for n in ("train/loss", "lr", "grad_norm"))
        self._parameters = [p for p in pl_module.parameters() if p.requires_grad]
        self._signals.install()
        self._last_flush = self._last_extras = time.monotonic()

    # -- stepping -----------------------------------------------------------------------------------------

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Measure the gradient norm, as often as its share of the step's time allows."""
        if self._step % self._norm_every:
            return
        began = time.perf_counter()
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        if gradients:
            norm = torch.nn.utils.get_total_norm(gradients)
            self._ready().add(self._step + 1, time.time(), self._norm_tag, norm)
        self._norm_cost = time.perf_counter() - began

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """After a batch; nothing happens in the middle of an accumulation."""
        step = trainer.global_step
        if step == self._step:
            return
        self._step = step
        loss = outputs["loss"] if isinstance(outputs, dict) else outputs
        if isinstance(loss, torch.Tensor):
            self._ready().add(step, time.time(), self._loss_tag, loss)
        now = time.monotonic()
        if now - self._last_flush >= FLUSH_EVERY:
            self._between_steps(trainer, now)

    def _between_steps(self, trainer: Any, now: float) -> None:
        """What is done a few times a second at a step boundary."""
        buffer = self._ready()
        steps = max(1, len(buffer._places))
        self._norm_every = max(1, math.ceil(self._norm_cost / (NORM_BUDGET * (now - self._last_flush) / steps)))
        if trainer.optimizers:
            rate = float(trainer.optimizers[0].param_groups[0]["lr"])
            buffer.add_number(self._step, time.time(), self._lr_tag, rate)
        if now - self._last_extras >= EXTRAS_EVERY:
            self._last_extras = now
            self._add_metrics(trainer.logged_metrics)
        buffer.flush()
        self._last_flush = now
        if self._signals.received is not None:
            self._stop_for_signal(trainer, self._signals.received)
        self._answer_new(trainer)

    def _add_metrics(self, metrics: dict[str, Any]) -> None:
        """Whatever else the module logs; the loss and the epoch counter are known already."""
        buffer, now = self._ready(), time.time()
        for name, value in metrics.items():
            known = (
                name.startswith(("train/loss", "train_loss")) or name in ("epoch", "loss") or name in self._validated
            )
            if not known and isinstance(value, torch.Tensor) and value.numel() == 1:
                buffer.add(self._step, now, buffer.tag(name), value)

    # -- phases -------------------------------------------------------------------------------------------

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """An epoch begins."""
        self._journal.write("epoch", epoch=trainer.current_epoch, step=self._step)

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """A validation begins; what was measured before it goes to disk first."""
        if self._buffer is not None:
            self._buffer.flush()
        batches = sum(b for b in trainer.num_val_batches if math.isfinite(b))
        self._phase_began = self._phase_told = time.monotonic()
        self._journal.write(
            "validation_start", step=self._step, epoch=trainer.current_epoch,
            batches=batches or None, sanity=trainer.sanity_checking,
        )  # fmt: skip

    def on_validation_batch_end(self, trainer: Any, *args: Any) -> None:
        """Progress, at most once a second."""
        now = time.monotonic()
        if now - self._phase_told >= 1.0:
            self._phase_told = now
            done = trainer._evaluation_loop.batch_progress.current.ready
            self._journal.write("progress", phase="validation", done=done, total=None)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Its metrics, as one point each."""
        metrics = {} if trainer.sanity_checking else trainer.callback_metrics
        values = {n: v.item() for n, v in metrics.items() if not n.startswith(("train/", "train_"))}
        self._journal.write(
            "validation_end", step=self._step, epoch=trainer.current_epoch, metrics=values,
            seconds=time.monotonic() - self._phase_began, sanity=trainer.sanity_checking,
        )  # fmt: skip
        self._validated.update(values)
        if self._buffer is not None:
            now = time.time()
            for name, value in values.items():
                self._buffer.add_number(self._step, now, self._buffer.tag(name), value)
            self._buffer.flush()
            if values:
                stages().report("training", "log metrics", detail=f"{self._buffer.tag_count} metrics")

    # -- checkpoints --------------------------------------------------------------------------------------

    def _relative(self, path: Path) -> str:
        try:
            return str(path.absolute().relative_to(self._run.root.absolute()))
        except ValueError:
            return str(path.absolute())

    def _on_saving(self, trainer: Any, path: Path) -> None:
        self._journal.write("saving", path=self._relative(path), step=self._step, epoch=trainer.current_epoch)

    def _on_saved(self, trainer: Any, path: Path, count: int, seconds: float) -> None:
        saver = next(iter(trainer.checkpoint_callbacks), None)
        metric = getattr(saver, "monitor", None)
        value = trainer.callback_metrics.get(metric) if metric else None
        self._saved = {"path": self._relative(path), "bytes": count}
        self._saves += 1
        self._journal.write(
            "checkpoint", durable=True, **self._saved, step=self._step, epoch=trainer.current_epoch,
            seconds=seconds, metric=metric, value=None if value is None else float(value), kind=self._kind,
        )  # fmt: skip
        stages().report("training", "save checkpoints", detail=f"{self._saves} saved, last {path.name}")

    def _on_failed(self, path: Path, error: Exception) -> None:
        self._save_error = f"{type(error).__name__}: {error}"
        self._journal.write("checkpoint_failed", path=self._relative(path), message=self._save_error)
        warn(f"checkpoint {path.name} was not saved ({error}); training goes on")

    def _save(self, trainer: Any, kind: str) -> str:
        """Save a checkpoint of its own; the error, or nothing."""
        self._kind, self._save_error = kind, ""
        name = f"{kind}-epoch={trainer.current_epoch}-step={self._step}.ckpt"
        trainer.save_checkpoint(str(self._run.checkpoints / name))
        self._kind = "saved"
        return self._save_error

    # -- requests and signals -----------------------------------------------------------------------------

    def _answer_new(self, trainer: Any, *, held: bool = False) -> set[str]:
        """Answer what was asked since the last look, and give the verbs; what several people ask is done once."""
        wishes: dict[str, list[Request]] = {}
        for request in self._inbox.new():
            if self._inbox.is_stale(request):
                self._acknowledge([request], False, "sent before this attempt began")
            else:
                wishes.setdefault(request.verb, []).append(request)
        for verb in _ORDER:
            if verb not in wishes:
                continue
            if verb == "continue":
                self._acknowledge(wishes[verb], held, f"at step {self._step}" if held else "it is not paused")
            elif verb == "pause" and held:
                self._acknowledge(wishes[verb], True, f"it is paused already, at step {self._step}")
            else:
                self._answer_with_checkpoint(trainer, wishes[verb])
        return set(wishes)

    def _answer_with_checkpoint(self, trainer: Any, asked: list[Request]) -> None:
        verb, began = asked[0].verb, time.monotonic()
        error = self._save(trainer, "stopped" if verb == "stop" else "requested")
        if error:
            self._acknowledge(asked, False, f"no checkpoint ({error}); training goes on")
            return
        saved = {**self._saved, "seconds": time.monotonic() - began, "verified": True}
        self._acknowledge(asked, True, f"at step {self._step}", **saved)
        if verb == "stop":
            self._end("stopped", f"stopped at step {self._step}, checkpoint saved")
            raise StopTraining(0)
        if verb == "pause":
            self._hold(trainer)

    def _acknowledge(self, asked: list[Request], ok: bool, detail: str, **saved: Any) -> None:
        for request in asked:
            self._journal.write(
                "ack", request=request.id, verb=request.verb, ok=ok, detail=detail, by=request.by, **saved
            )

    def _hold(self, trainer: Any) -> None:
        """Paused: wait between two steps until somebody says go on or stop."""
        while "continue" not in self._answer_new(trainer, held=True):
            time.sleep(FLUSH_EVERY)
            if self._signals.received is not None:
                self._stop_for_signal(trainer, self._signals.received)

    def _stop_for_signal(self, trainer: Any, number: int) -> None:
        error = self._save(trainer, "interrupted")
        saved = f"no checkpoint ({error})" if error else "checkpoint saved"
        self._end("signal", f"signal {number} at step {self._step}, {saved}")
        raise StopTraining(128 + number)

    # -- ending -------------------------------------------------------------------------------------------

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """The loop is through."""
        stages().report("training", "train", "done", detail=f"{self._step} steps")
        stages().report("training", "save checkpoints", "done", detail=f"{self._saves} saved")
        stages().report("training", "log metrics", "done", detail=f"{self._ready().tag_count} metrics")
        self._end("finished", f"all {self._step} steps done")

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Whatever ended it, unless we did."""
        if self._buffer is not None:
            self._buffer.flush(wait=True)
        if not isinstance(exception, StopTraining) and not self._ended:
            text = "".join(traceback.format_exception(exception))[-8000:]
            self._journal.write(
                "exception", durable=True, type=type(exception).__name__, message=str(exception)[:500], traceback=text
            )

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Give back what was taken over."""
        self._signals.restore()
        if self._buffer is not None:
            self._buffer.flush(wait=True)

    def _end(self, reason: str, detail: str) -> None:
        self._ended = True
        self._ready().flush(wait=True)
        self._journal.write("end", durable=True, reason=reason, step=self._step, detail=detail)

    def _flush_at_exit(self) -> None:
        if self._buffer is not None:
            self._buffer.flush(wait=True)

    def _ready(self) -> ScalarBuffer:
        assert self._buffer is not None, "setup() runs before every other hook"  # noqa: S101
        return self._buffer
