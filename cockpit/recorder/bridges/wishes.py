"""What people ask of a training whose loop belongs to transformers: stop, checkpoint, pause, change, weigh."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cockpit.domain import hyperparameters as knobs
from cockpit.recorder.bridges.transformers_facts import checkpoint_folder, kind_of
from cockpit.recorder.bridges.transformers_hyperparameters import change, refusal
from cockpit.recorder.harmless import Harmless, harmless
from cockpit.recorder.journal import SafeJournal
from cockpit.recorder.orders import Inbox, Signals, answerable
from cockpit.recorder.ranks import LOOK_EVERY, Ranks
from cockpit.recorder.weighing import Subject, Weighing
from cockpit.runs.checkpoint_folder import bytes_of
from cockpit.runs.layout import RunPaths
from cockpit.runs.requests import Request

_ANSWERED = ("checkpoint", "stop", "pause", "continue", "modify", "weights")
_WITHOUT_SAVE = ("continue", "weights")
_SHARDING = ("FSDP", "DEEPSPEED", "MEGATRON_LM")  # ways of accelerate in which no process holds a whole layer


class _AsTrainer:
    """What :class:`Ranks` wants to know, as transformers tells it."""

    strategy = None

    def __init__(self, args: Any, state: Any) -> None:
        self.world_size, self.is_global_zero = args.world_size, state.is_world_process_zero
        self.global_step = state.global_step


class Wishes(Harmless):
    """Requests and signals of one training, acted on at the same step in all of its processes.

    No fault of what records a process keeps it from hearing: the others would wait for it.

    Args:
        run: whose requests.
        journal: where answers are told; silent in every process but the first.
    """

    def __init__(self, run: RunPaths, journal: SafeJournal) -> None:
        super().__init__(journal)
        self._run = run
        self._inbox: Inbox | None = None
        self._ranks: Ranks | None = None
        self._signals = Signals()
        self._weighing = Weighing(journal)
        self._trainer: Any = None
        self._passed = -1  # the last step after which nobody looked, as the loop's own saving has the last word there
        self._waiting: dict[str, list[Request]] = {}  # for the save that was asked of the loop, by verb
        self.ending: tuple[str, str] | None = None  # reason and detail, once it was told to stop
        self.kind = "saved"  # of the next checkpoint

    def begin(self, args: Any, state: Any, trainer: Any) -> None:
        """The first step comes next.

        Args:
            args: of the trainer.
            state: of the trainer.
            trainer: None where it is not known, and nothing can be changed.
        """
        self._trainer, self._strategy = trainer, kind_of(args.save_strategy)
        self._inbox, self.ending = Inbox(self._run, time.time()), None
        self._ranks = Ranks(_AsTrainer(args, state))
        self._signals.install()

    def over(self) -> None:
        """No step comes any more."""
        self._weighing.give_up("the training ended before another step")

    def close(self) -> None:
        """Give the signals back: the script may go on without a training that would look at them."""
        self.over()
        self._signals.restore()

    @harmless
    def after_step(self, state: Any, control: Any, have: Mapping[str, Any]) -> None:
        """Look at what was asked, if it is time; the loop then saves by itself.

        Args:
            state: of the trainer.
            control: what its loop is to do next.
            have: what else a callback is given: model, optimizer.
        """
        if self._ranks is None or not self._ranks.is_time(state.global_step):
            return
        if self._is_overruled(state, control) and self._passed != state.global_step - 1:
            self._passed = state.global_step
            return
        self._weighing.look()
        asked, signal = self._hear(self._ranks)
        self._ranks.looked(state.global_step)
        changes = [request for request in asked if request.verb == "modify"]
        possible = [request for request in changes if self._may_change(request, self._ranks, state, control)]
        wanted = [r for r in asked if r.verb not in _WITHOUT_SAVE and (r.verb != "modify" or r in possible)]
        self._refuse([request for request in asked if request.verb == "continue"], "it is not paused")
        weights = [request for request in asked if request.verb == "weights"]
        if weights and self._ranks.first:
            self._weighing.ask(weights, _subject(state, have))
        for request in wanted:
            self._waiting.setdefault(request.verb, []).append(request)
        if signal is not None:
            self.ending = ("signal", f"signal {signal} at step {state.global_step}, checkpoint saved")
        elif "stop" in self._waiting:
            self.ending = ("stopped", f"stopped at step {state.global_step}, checkpoint saved")
        if wanted or signal is not None:
            control.should_save = True
            control.should_training_stop = control.should_training_stop or self.ending is not None
            self.kind = "stopped" if self.ending else "requested"

    @harmless
    def after_save(self, args: Any, state: Any, control: Any, problem: str) -> None:
        """The save is done: answer, and hold where a pause was asked for."""
        waiting, self._waiting, self.kind = self._waiting, {}, "saved"
        if self._ranks is None or not (waiting or self.ending):
            return
        problem = self._ranks.share(problem)[0]  # only the first process has looked
        if problem and self.ending:
            self.ending, control.should_training_stop = None, False
        where, folder = f"at step {state.global_step}", checkpoint_folder(args, state)
        for request in waiting.pop("modify", []):
            if problem:
                self._refuse([request], f"no checkpoint ({problem}); nothing was changed")
            elif self._may_change(request, self._ranks, state, control):
                self._change(request, where, folder)
        for verb, asked in waiting.items():
            if problem:
                self._refuse(asked, f"no checkpoint ({problem}); training goes on")
                continue
            saved = {"path": str(folder), "bytes": bytes_of(folder), "verified": True}
            self._journal.acknowledge(asked, True, where, **saved)
            if verb == "pause" and not self.ending:
                self._hold(self._ranks, state, control, where, saved)

    def _hear(self, ranks: Ranks) -> tuple[list[Request], int | None]:
        """What the first process has read and any process was signalled, the same in all of them."""
        mine = self._inbox.new() if ranks.first and self._inbox is not None else []
        heard = ranks.share((mine, self._signals.received))
        asked = answerable(heard[0][0], "transformers' Trainer", _ANSWERED, self._journal)
        return asked, next((s for _, s in heard if s is not None), None)

    def _is_overruled(self, state: Any, control: Any) -> bool:
        """Whether the loop's own saving has the last word on this step: by a metric, or at the end of the epoch."""
        if self._strategy == "best":
            return bool(control.should_evaluate)
        return self._strategy == "epoch" and float(state.epoch or 0).is_integer()

    def _may_change(self, request: Request, ranks: Ranks, state: Any, control: Any) -> bool:
        """Whether every process can do it; it is refused where one cannot."""
        why = next(filter(None, ranks.share(refusal(self._trainer, request.values))), "")
        if not why and control.should_training_stop:
            why = "it ends at this step"
        if not why and self._is_overruled(state, control):
            why = "its own save at the end of this step may be of after the change"
        if why:
            self._refuse([request], f"{why}; nothing was changed")
        return not why

    def _change(self, request: Request, where: str, folder: Path) -> None:
        told = change(self._trainer, request.values, request.id)
        step = self._trainer.state.global_step
        self._journal.write("hyperparameters", durable=True, request=request.id, step=step, by=request.by, **told)
        self._journal.acknowledge(
            [request], True, f"{where}: {knobs.told(told['old'], told['hyperparameters'])}", path=str(folder)
        )

    def _hold(self, ranks: Ranks, state: Any, control: Any, where: str, saved: Mapping[str, Any]) -> None:
        """Train no further until somebody says so; the weights stay those of the checkpoint that was saved before."""
        at = where
        while True:
            asked, signal = self._hear(ranks)
            self._refuse([request for request in asked if request.verb == "weights"], "it is paused and takes no step")
            for request in (request for request in asked if request.verb == "modify"):
                if self._may_change(request, ranks, state, control):
                    self._change(request, at, Path(saved["path"]))
                    where = f"{at}, before what was changed while it was paused"
            for request in (request for request in asked if request.verb not in ("weights", "modify")):
                again = request.verb == "pause"
                told, goes_on = (at, {}) if request.verb == "continue" else (where, saved)
                self._journal.acknowledge(
                    [request], True, f"it is paused already, {told}" if again else told, **goes_on
                )
            verbs = {request.verb for request in asked}
            if signal is not None:
                self.ending = ("signal", f"signal {signal} {where}, checkpoint saved")
            elif "stop" in verbs:
                self.ending = ("stopped", f"stopped {where}, checkpoint saved")
            if self.ending:
                control.should_training_stop = True
            if self.ending or "continue" in verbs:
                return
            time.sleep(LOOK_EVERY)

    def _refuse(self, asked: list[Request], why: str) -> None:
        self._journal.acknowledge(asked, False, why)


def _subject(state: Any, have: Mapping[str, Any]) -> Subject:
    """What a callback is given, without what accelerate wraps around it."""
    wrapped = have.get("optimizer")
    kind = getattr(getattr(wrapped, "accelerator_state", None), "distributed_type", None)
    return Subject(
        optimizers=(getattr(wrapped, "optimizer", wrapped),),
        parameters=have["model"].named_parameters() if have.get("model") is not None else (),
        next_step=lambda: state.global_step + 1,
        scaled=getattr(wrapped, "scaler", None) is not None,
        sharded=getattr(kind, "name", "") in _SHARDING,
    )
