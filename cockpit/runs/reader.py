"""One run directory, read again and again: ``RunReader.poll()`` gives a consistent ``RunState``."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable

from cockpit.domain import eta, lifecycle
from cockpit.domain.run import Checkpoint, Eta, Launch, RunState
from cockpit.domain.state import State
from cockpit.errors import RunDamaged
from cockpit.runs import process, requests
from cockpit.runs.figures import LOSS, Figures
from cockpit.runs.fold import RunnerFold, TrainerFold, integer, text
from cockpit.runs.journal import Event, JournalTail, read_number
from cockpit.runs.layout import RunPaths
from cockpit.runs.record import read_launch
from cockpit.runs.requests import Request

_ELSEWHERE = (lifecycle.Life.OTHER_HOST, lifecycle.Life.OTHER_BOOT)
_VAL, _LR, _NORM = ("val/loss", "val_loss"), "lr", "grad_norm"


class RunReader:
    """Reads one run incrementally.

    Args:
        run: where it lies.
        series: keep whole series (needs numpy) or only the latest values, for lists and scripts.
        clock: seconds since the epoch.
    """

    def __init__(self, run: RunPaths, *, series: bool = False, clock: Callable[[], float] = time.time) -> None:
        self.run = run
        self._clock = clock
        self._launch: Launch | None = None
        self._damage = ""
        self._journal, self._trainer = JournalTail(run.journal), TrainerFold()
        self._runner_journal, self._runner = JournalTail(run.runner_journal), RunnerFold()
        self._figures = Figures(run, series=series)

    def poll(self) -> RunState:
        """Take in what is new and give the state as of now; never raises for a damaged run."""
        self._read_launch()
        self._read_journals()
        self._figures.poll(self._trainer.tags, self._runner.host_tags)
        return self._state()

    # -- reading ------------------------------------------------------------------------------------------

    def _read_launch(self) -> None:
        if self._launch is None:
            try:
                self._launch, self._damage = read_launch(self.run), ""
            except RunDamaged as error:
                self._damage = error.message

    def _read_journals(self) -> None:
        events, restarted = self._journal.stream()
        if restarted:
            self._trainer = TrainerFold()
        for event in events:
            self._trainer.apply(event)
        events, restarted = self._runner_journal.stream()
        if restarted:
            self._runner = RunnerFold()
        for event in events:
            self._runner.apply(event)

    # -- deriving -----------------------------------------------------------------------------------------

    def _state(self) -> RunState:
        now, trainer, runner, figures = self._clock(), self._trainer, self._runner, self._figures
        step = self._step()
        intervals = self._intervals()
        pace = eta.pace(intervals)
        signs = self._signs(now, pace[1] if pace else None)
        state, evidence = lifecycle.judge(signs)
        if self._damage:
            state, evidence = State.UNKNOWN, self._damage
        launched, ended = runner.launched or {}, runner.exit
        steps_total = integer(trainer.fit.get("steps_total"))
        launch = self._launch
        checkpoints = self._checkpoints()
        return RunState(
            id=self.run.id,
            name=launch.name if launch else self.run.id,
            path=str(self.run.root),
            launch=launch,
            state=state,
            evidence=evidence,
            updated=now,
            started=read_number(runner.launches[0].get("t")) if runner.launches else None,
            ended=self._ended(state, ended),
            active_seconds=self._active_seconds(now, state),
            attempt=max(trainer.attempt, integer(launched.get("attempt")) or 1),
            pid=integer(launched.get("pid")),
            remaining=signs.remaining,
            supervised=not state.active or signs.runner is lifecycle.Life.ALIVE,
            stages=tuple(stage for _, stage in sorted(trainer.stages.items())),
            stage=trainer.stage,
            step=step,
            steps_total=steps_total or (launch.steps_planned if launch else None),
            epoch=trainer.epoch,
            epochs_total=integer(trainer.fit.get("epochs_total")) or (launch.epochs_planned if launch else None),
            steps_per_epoch=integer(trainer.fit.get("steps_per_epoch")),
            phase_done=trainer.phase_done if trainer.phase else None,
            phase_total=trainer.phase_total if trainer.phase else None,
            next_validation_in=self._next_validation(step),
            steps_per_second=1 / pace[1] if pace and pace[1] > 0 else None,
            samples_per_step=read_number(trainer.fit.get("samples_per_step")),
            sample_unit=text(trainer.fit.get("sample_unit")) or "samples",
            step_seconds=pace,
            eta=self._eta(state, step, intervals, now),
            loss_train=figures.value(LOSS),
            loss_train_smooth=figures.smoothed_loss(),
            loss_val=figures.value(*_VAL),
            learning_rate=figures.value(_LR),
            grad_norm=figures.value(_NORM),
            best=trainer.best(),
            metrics={name: point.value for name, point in figures.latest.items()},
            checkpoints=checkpoints,
            last_checkpoint=checkpoints[0].path if checkpoints else None,
            save_error=trainer.save_error,
            nonfinite=tuple(trainer.nonfinite),
            nonfinite_count=len(trainer.nonfinite),
            device=text(trainer.fit.get("device")),
            processes=integer(trainer.fit.get("world_size")),
            parameters=integer(trainer.fit.get("parameters")),
            precision=text(trainer.fit.get("precision")),
            seed=integer(trainer.fit.get("seed")) if trainer.fit else (launch.seed if launch else None),
            guarantee=self._guarantee(),
            gpus=figures.host.gpus(),
            gpu_error=runner.gpu_error,
            ram_used=figures.host.latest.get("ram/trainer"),
            ram_peak=figures.host.peak("ram/trainer"),
            exit_code=integer((ended or {}).get("code")),
            exit_signal=integer((ended or {}).get("signal")),
            exception=trainer.traceback or trainer.exception,
            pending_requests=tuple(request.verb for request in self._pending()) if state.active else (),
            bad_records=self._journal.bad + self._runner_journal.bad,
            series=figures.views(),
        )

    def _step(self) -> int | None:
        begun = integer(self._trainer.fit.get("step"))
        loss = self._figures.latest.get(LOSS)
        if loss is None:
            return begun
        resumed = self._trainer.fit_time is not None and loss.time < self._trainer.fit_time
        return begun if resumed and begun is not None else loss.step

    def _intervals(self) -> list[float]:
        since = self._trainer.fit_time or 0.0
        times = [at for at in self._figures.loss_times if at >= since]
        return eta.step_intervals(times, self._trainer.breaks, begun=self._trainer.fit_time)

    def _signs(self, now: float, pace: float | None) -> lifecycle.Signs:
        trainer, launched, ended = self._trainer, self._runner.launched, self._runner.exit
        attempt = integer(launched.get("attempt")) if launched else None
        mine = attempt is None or trainer.attempt >= attempt  # the journal already speaks of this attempt
        loss = self._figures.latest.get(LOSS)
        latest = max(trainer.last_sign or 0.0, loss.time if loss else 0.0)
        end = trainer.end if mine and trainer.end else {}
        pending = self._pending()
        return lifecycle.Signs(
            now=now,
            created=self._launch.created if self._launch else 0.0,
            trainer=_life(launched, "pid", "start_time"),
            runner=_life(launched, "runner_pid", "runner_start_time"),
            host=text(launched.get("host")) if launched else "",
            launched=read_number(launched.get("t")) if launched else None,
            attached=trainer.attached is not None and mine,
            fitting=bool(trainer.fit) and mine and (trainer.fit_time or 0) >= (trainer.attached or 0),
            phase=trainer.phase if mine else None,
            phase_since=trainer.phase_since,
            last_sign=latest or None,
            pace=pace,
            stop_requested=any(request.verb == "stop" for request in pending),
            asked=(pending[0].verb, pending[0].time) if pending else None,
            end_reason=text(end.get("reason")) or None,
            end_detail=text(end.get("detail")),
            exception=trainer.exception if mine else "",
            exit_code=integer((ended or {}).get("code")),
            exit_signal=integer((ended or {}).get("signal")),
            exit_note=text((ended or {}).get("oom")),
            exited=ended is not None,
            remaining=_remaining(launched, ended),
        )

    def _pending(self) -> list[Request]:
        """Requests that were not acknowledged, oldest first."""
        return [r for r in requests.pending(self.run) if r.id not in self._trainer.acknowledged]

    def _ended(self, state: State, ended: Event | None) -> float | None:
        if state.active:
            return None
        return read_number(ended.get("t")) if ended else self._trainer.last_sign

    def _active_seconds(self, now: float, state: State) -> float | None:
        if not self._runner.launches:
            return None
        until = now if state.active else (self._ended(state, self._runner.exit) or now)
        return self._runner.active_seconds(until, self._trainer.all_pauses())

    def _next_validation(self, step: int | None) -> int | None:
        every = integer(self._trainer.fit.get("validate_every"))
        if not every or step is None:
            return None
        return every - step % every

    def _eta(self, state: State, step: int | None, intervals: list[float], now: float) -> Eta:
        if not state.active:
            return Eta(None, reason=str(state))
        trainer = self._trainer
        if not trainer.fit:
            return Eta(None, reason="training has not begun")
        return eta.estimate(
            eta.EtaInputs(
                step=step or 0,
                steps_total=integer(trainer.fit.get("steps_total")),
                intervals=tuple(intervals),
                validate_every=integer(trainer.fit.get("validate_every")),
                validation_seconds=tuple(trainer.validation_seconds[-8:]),
                checkpoint_every=integer(trainer.fit.get("checkpoint_every")),
                checkpoint_seconds=tuple(trainer.checkpoint_seconds[-8:]),
                early_stopping=bool(trainer.fit.get("early_stopping")),
                max_seconds=read_number(trainer.fit.get("max_seconds")),
                elapsed=now - (trainer.fit_time or now),
            )
        )

    def _guarantee(self) -> tuple[str, str]:
        fit = self._trainer.fit
        return text(fit.get("guarantee")) or "unknown", text(fit.get("guarantee_reason")) or "training has not begun"

    def _checkpoints(self) -> tuple[Checkpoint, ...]:
        """Those that exist, newest first, ``last`` beside what it copies; the best one marked."""
        found = []
        for checkpoint in self._trainer.checkpoints.values():
            path = self.run.root / checkpoint.path
            if path.exists():
                found.append(dataclasses.replace(checkpoint, path=str(path), value=self._trainer.value_of(checkpoint)))
        found.sort(key=lambda c: (c.time or 0, "last" not in c.name), reverse=True)
        scored = [c for c in found if c.value is not None and c.value == c.value and not c.name.startswith("last")]
        pick = max if self._trainer.fit.get("mode") == "max" else min
        best = pick(scored, key=lambda c: c.value or 0.0) if scored else None
        return tuple(
            dataclasses.replace(
                c,
                roles=(("best",) if c is best else ()) + (("last",) if c.name.startswith("last") else ()) + c.roles,
            )
            for c in found
        )


def _remaining(launched: Event | None, ended: Event | None) -> tuple[int, ...]:
    """Of the processes that an exit left behind those that live; elsewhere they cannot be seen."""
    if launched is None or ended is None or _life(launched, "pid", "start_time") in _ELSEWHERE:
        return ()
    left, started = ended.get("left"), ended.get("left_start_times")
    if not isinstance(left, list) or not isinstance(started, list):
        return ()
    alive = ("running", "stopped")
    known = zip(map(integer, left), map(integer, started), strict=False)
    return tuple(pid for pid, began in known if pid and began and process.status(pid, began) in alive)


def _life(launched: Event | None, pid_key: str, start_key: str) -> lifecycle.Life:
    """Whether the process that a launch recorded still is the one that has its pid."""
    pid, start = (integer(launched.get(k)) for k in (pid_key, start_key)) if launched else (None, None)
    if launched is None or pid is None or start is None:
        return lifecycle.Life.UNSEEN
    if launched.get("host") != os.uname().nodename:
        return lifecycle.Life.OTHER_HOST
    if launched.get("boot_id") != process.boot_id():
        return lifecycle.Life.OTHER_BOOT
    match process.status(pid, start):
        case "running":
            return lifecycle.Life.ALIVE
        case "stopped":
            return lifecycle.Life.SUSPENDED
        case _:
            return lifecycle.Life.GONE
