"""What is done about requests and signals: between two steps, in every process of a training at the same one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from cockpit.domain import hyperparameters as knobs
from cockpit.domain.text import duration
from cockpit.recorder.exact import STATE_ONLY
from cockpit.recorder.hyperparameters import change, present, refusal, requests_in_force
from cockpit.recorder.journal import SafeJournal
from cockpit.recorder.lengths import epochs_total, steps_total
from cockpit.recorder.orders import Heard, Inbox, Signals, StopTraining, answerable
from cockpit.recorder.ranks import LOOK_EVERY, Ranks
from cockpit.recorder.saves import Saved, SaveLog
from cockpit.recorder.weighing import Subject, Weighing
from cockpit.runs.layout import RunPaths
from cockpit.runs.requests import Request

# in which wishes of one moment are met: a stop before a pause
_ORDER = ("checkpoint", "modify", "weights", "stop", "pause", "continue")
_SHARDING = ("FSDP", "DeepSpeed", "ModelParallel")  # in the names of Lightning's strategies
_MOVED_ON = STATE_ONLY, "saved when its training failed inside a step: random state has moved on"


class Wishes(NamedTuple):
    """What one process has heard since the last look."""

    requests: list[Heard]
    signal: int | None


class Answers:
    """Answers for one process. The first one reads the requests; what it hears is shared before anybody acts.

    Args:
        run: whose requests.
        journal: where answers are told; the first process's.
        saves: makes the checkpoints.
        ending: called with reason and detail before a training is ended on purpose.
    """

    def __init__(self, run: RunPaths, journal: SafeJournal, saves: SaveLog, ending: Callable[[str, str], None]) -> None:
        self._journal, self._saves, self._ending = journal, saves, ending
        self._inbox = Inbox(run, time.time())
        self._signals = Signals()
        self._ranks: Ranks | None = None
        self._weighing = Weighing(journal)

    def begin(self, trainer: Any) -> None:
        """The first step comes next."""
        self._ranks = Ranks(trainer)
        self._signals.install()

    def over(self) -> None:
        """No step comes any more."""
        self._weighing.give_up("the training ended before another step")

    def close(self) -> None:
        """Give the signals back."""
        self.over()
        self._signals.restore()

    def after_step(self, trainer: Any, step: int) -> None:
        """Look at what was asked, if it is time after this step.

        Raises:
            StopTraining: it was asked for, and the checkpoint is saved.
        """
        ranks = self._ranks
        if ranks is not None and ranks.is_time(step):
            self._weighing.look()
            self._answer_new(trainer, ranks, held=False)
            ranks.looked(step)

    def _answer_new(self, trainer: Any, ranks: Ranks, *, held: bool) -> set[str]:
        """Answer what was asked since the last look, and give the verbs; what several people ask is done once."""
        heard = ranks.share(Wishes(self._inbox.new() if ranks.first else [], self._signals.received))
        for process, wish in enumerate(heard):
            if wish.signal is not None:
                self._stop_for_signal(trainer, ranks, wish.signal, process)
        wishes: dict[str, list[Request]] = {}
        for request in answerable(heard[0].requests, "Lightning's trainer", _ORDER, self._journal):
            wishes.setdefault(request.verb, []).append(request)
        for verb in _ORDER:
            if verb in wishes:
                self._answer(trainer, ranks, wishes[verb], held=held)
        return set(wishes)

    def _answer(self, trainer: Any, ranks: Ranks, asked: list[Request], *, held: bool) -> None:
        verb, where = asked[0].verb, f"at step {trainer.global_step}"
        if verb == "modify":
            self._modify(trainer, ranks, asked)
            return
        if verb == "weights":
            if held:
                self._journal.acknowledge(asked, False, "it is paused and takes no step")
            elif ranks.first:  # the weights are the same in all, and no other process has to do anything for it
                self._weighing.ask(asked, _subject(trainer))
            return
        if verb == "continue":
            self._journal.acknowledge(asked, held, where if held else "it is not paused")
            return
        if verb == "pause" and held:
            self._journal.acknowledge(asked, True, f"it is paused already, {where}")
            return
        began = time.monotonic()
        saved = self._save(trainer, ranks, "stopped" if verb == "stop" else "requested")
        if saved.error:
            self._journal.acknowledge(asked, False, f"no checkpoint ({saved.error}); training goes on")
            return
        told = {
            "path": saved.path,
            "bytes": saved.bytes,
            "seconds": time.monotonic() - began,
            "verified": saved.verified,
        }
        self._journal.acknowledge(asked, True, where + (_limit_kept(ranks) if verb == "pause" else ""), **told)
        if verb == "stop":
            self._ending("stopped", f"stopped {where}, checkpoint saved")
            raise StopTraining(0)
        if verb == "pause":
            self._hold(trainer, ranks)

    def _modify(self, trainer: Any, ranks: Ranks, asked: list[Request]) -> None:
        """A checkpoint of what was before, then the changes one after the other, in every process or in none."""
        saved: Saved | None = None
        for request in asked:
            why = next(filter(None, ranks.share(refusal(trainer, request.values))), "")
            if not why and saved is None:
                saved = self._save(trainer, ranks, "requested")
            if not why and saved is not None and saved.error:
                why = f"no checkpoint ({saved.error})"
            if why or saved is None:
                self._journal.acknowledge([request], False, f"{why}; nothing was changed")
                continue
            before = present(trainer)
            change(trainer, request.values, request.id)
            now = present(trainer)
            self._journal.write(
                "hyperparameters", durable=True, request=request.id, step=trainer.global_step, by=request.by,
                old=before, hyperparameters=now, changes=requests_in_force(trainer),
                steps_total=steps_total(trainer), epochs_total=epochs_total(trainer),
            )  # fmt: skip
            self._journal.acknowledge(
                [request], True, f"at step {trainer.global_step}: {knobs.told(before, now)}", path=saved.path
            )

    def _save(self, trainer: Any, ranks: Ranks, kind: str) -> Saved:
        """What became of it in the first process, which writes it: all have to come to the same decision."""
        return ranks.share(self._saves.save(trainer, kind))[0]

    def _hold(self, trainer: Any, ranks: Ranks) -> None:
        """Paused: wait between two steps until somebody says go on or stop.

        The processes keep sharing what they hear, so that no collective waits for longer than that, however
        long the pause is.
        """
        while "continue" not in self._answer_new(trainer, ranks, held=True):
            time.sleep(LOOK_EVERY)

    def _stop_for_signal(self, trainer: Any, ranks: Ranks, number: int, process: int) -> None:
        error = self._save(trainer, ranks, "interrupted").error
        saved = f"no checkpoint ({error})" if error else "checkpoint saved"
        where = f" in process {process}" if process else ""
        self._ending("signal", f"signal {number}{where} at step {trainer.global_step}, {saved}")
        # a launcher that sees one process fail ends the others at once, before their loggers are closed
        raise StopTraining(128 + number if ranks.first else 0)

    def after_failure(self, trainer: Any, exception: BaseException) -> None:
        """Save what a failed training has reached; to be called where its weights lie between two steps."""
        ranks = self._ranks
        if ranks is None or ranks.count > 1 or not isinstance(exception, Exception):
            return  # the other processes may be anywhere, and nobody who presses ^C twice wants to wait
        if trainer.global_step > self._saves.last_step and not _accumulating(trainer):
            _forget_unfinished(trainer)
            self._saves.save(trainer, "interrupted", _MOVED_ON)


def _subject(trainer: Any) -> Subject:
    strategy = type(trainer.strategy).__name__
    return Subject(
        optimizers=tuple(trainer.optimizers),
        parameters=trainer.lightning_module.named_parameters(),
        next_step=lambda: trainer.global_step + 1,
        scaled=getattr(trainer.precision_plugin, "scaler", None) is not None,
        sharded=any(word in strategy for word in _SHARDING),
    )


def _limit_kept(ranks: Ranks) -> str:
    if ranks.count == 1:
        return ""
    limit = f" of {duration(ranks.limit.total_seconds())}" if ranks.limit is not None else ""
    return f"; its {ranks.count} processes stay in touch, so the time limit{limit} of their collectives does not end it"


def _accumulating(trainer: Any) -> bool:
    """Whether gradients of earlier batches wait for their optimizer step."""
    batches = trainer.fit_loop.epoch_loop.batch_progress.current.processed
    return bool(batches % trainer.accumulate_grad_batches and batches != trainer.num_training_batches)


def _forget_unfinished(trainer: Any) -> None:
    """Take back what Lightning counted for the batch or the validation that failed: a resume begins them anew."""
    loop = trainer.fit_loop.epoch_loop
    batches = loop.batch_progress
    if batches.current.ready > batches.current.processed:
        batches.is_last_batch = False
        for counted in (batches.current, batches.total):
            counted.ready = counted.started = counted.processed
    loop.val_loop.batch_progress.reset()
