"""One run directory, read again and again: ``RunReader.poll()`` gives a consistent ``RunState``."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable

from cockpit.domain import eta, lifecycle
from cockpit.domain.criteria import summary
from cockpit.domain.criteria.rules import judge
from cockpit.domain.run import Eta, RunState
from cockpit.domain.secrets import redactor
from cockpit.domain.state import State
from cockpit.domain.trouble.rules import troubles
from cockpit.domain.vitals import Vitals
from cockpit.runs.files import RunFiles
from cockpit.runs.fold import integer, text
from cockpit.runs.journal import Event, read_number, texts
from cockpit.runs.layout import RunPaths
from cockpit.runs.life import signs
from cockpit.runs.listed import listed
from cockpit.runs.marks import figures_of
from cockpit.runs.output import last_traceback
from cockpit.runs.vitals import VitalsReader


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
        self._words: str | None = None
        self._files = RunFiles(run, series=series)
        self._vitals = VitalsReader(run)
        self._last = RunState(
            id=run.id, name=run.id, path=str(run.root), launch=None, state=State.UNKNOWN, evidence="", updated=0.0
        )

    def poll(self) -> RunState:
        """Take in what is new and give the state as of now; never raises for a run that is damaged or not readable."""
        try:
            self._files.read()
            state = self._state()
        except OSError as error:  # a network filesystem may refuse for a while
            reason = f"{error.filename or self.run.root}: {error.strerror}"
            return dataclasses.replace(self._last, state=State.UNKNOWN, evidence=reason, updated=self._clock())
        criteria = judge(state)
        self._last = dataclasses.replace(state, criteria=criteria, troubles=troubles(state), verdict=summary(criteria))
        return self._last

    def _state(self) -> RunState:
        now, files = self._clock(), self._files
        trainer, runner, figures = files.trainer, files.runner, files.figures
        curves = figures.curves
        step = self._step()
        intervals = self._intervals()
        pace = eta.pace(intervals)
        seen = signs(files, now, pace[1] if pace else None)
        if pace and files.tailing:  # its files may hold every tenth step only
            pace = (pace[0] / figures.stride, pace[1] / figures.stride, pace[2] / figures.stride)
        state, evidence = lifecycle.judge(seen)
        evidence = "; ".join((evidence, *(files.tailed.told_of_steps if files.tailing else trainer.line.told)))
        if files.damage:
            state, evidence = State.UNKNOWN, files.damage
        launched, ended = runner.launched or {}, runner.exit
        steps_total = integer(trainer.fit.get("steps_total"))
        launch = files.launch
        checkpoints = listed(files)
        vitals = self._vitals.read(files, now)
        nonfinite = self._vitals.tailed.nonfinite if files.tailing else tuple(trainer.nonfinite)
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
            remaining=seen.remaining,
            resume_step=integer(launched.get("step")) if self._begun_since(launched) else None,
            listens=seen.attached and trainer.listens,
            growth=runner.growth if seen.trainer is lifecycle.Life.SUSPENDED else None,
            supervised=not state.active or seen.runner is lifecycle.Life.ALIVE,
            stages=tuple(stage for _, stage in sorted(trainer.stages.items())),
            stage=trainer.stage,
            step=step,
            steps_total=steps_total or files.tailed.steps_total or (launch.steps_planned if launch else None),
            epoch=trainer.epoch if trainer.epoch is not None else files.tailed.epoch,
            epochs_total=integer(trainer.fit.get("epochs_total")) or (launch.epochs_planned if launch else None),
            steps_per_epoch=integer(trainer.fit.get("steps_per_epoch")),
            phase_done=trainer.phase_done if trainer.phase else None,
            phase_total=trainer.phase_total if trainer.phase else None,
            next_validation_in=self._next_validation(step),
            steps_per_second=1 / pace[1] if pace and pace[1] > 0 else None,
            samples_per_step=read_number(trainer.fit.get("samples_per_step")),
            sample_unit=text(trainer.fit.get("sample_unit")) or "samples",
            step_seconds=pace,
            eta=self._eta(state, step, intervals, pace, now),
            loss_train=figures.value(curves.train),
            loss_val=figures.value(curves.val),
            learning_rate=figures.value(curves.rate),
            grad_norm=figures.value(curves.norm),
            best=self._vitals.tailed.best if files.tailing else trainer.best(),
            metrics={name: point.value for name, point in figures.latest.items()},
            trackers=tuple(trainer.trackers.values()),
            checkpoints=checkpoints,
            last_checkpoint=checkpoints[0].path if checkpoints else None,
            save_error=trainer.save_error,
            nonfinite=nonfinite,
            nonfinite_count=len(nonfinite),
            device=text(trainer.fit.get("device")),
            processes=integer(trainer.fit.get("world_size")),
            parameters=integer(trainer.fit.get("parameters")),
            precision=text(trainer.fit.get("precision")),
            seed=self._seed(vitals),
            guarantee=self._guarantee(),
            gpus=figures.host.gpus(),
            gpu_error=runner.gpu_error,
            ram_used=figures.host.latest.get("ram/trainer"),
            exit_code=integer((ended or {}).get("code")),
            exit_signal=integer((ended or {}).get("signal")),
            exception=self._exception(state),
            marks=files.marks.poll(),
            hyperparameters=figures_of(trainer.fit.get("hyperparameters")),
            steps_longest=integer(trainer.fit.get("steps_longest")),
            schedules=texts(trainer.fit.get("schedules")),
            bad_records=files.bad,
            series=figures.views(),
            vitals=vitals,
        )

    def _begun_since(self, launched: Event) -> bool:
        """Whether the trainer of the latest launch has said at which step it begins."""
        at, begun = read_number(launched.get("t")), self._files.trainer.fit_time
        return at is not None and begun is not None and begun >= at

    def _exception(self, state: State) -> str:
        """The traceback of whichever process failed first, else its last words."""
        failure, trainer = self._files.failure, self._files.trainer
        if failure is not None:
            return failure.traceback
        return trainer.traceback or trainer.exception or self._last_words(state)

    def _last_words(self, state: State) -> str:
        """The traceback at the end of the output, of a trainer that failed where no recorder saw it; no secrets."""
        if state is not State.FAILED:
            self._words = None
            return ""
        if self._words is None:
            self._words = redactor(os.environ)(last_traceback(self.run.output))
        return self._words

    def _step(self) -> int | None:
        trainer, figures = self._files.trainer, self._files.figures
        begun, loss = integer(trainer.fit.get("step")), figures.last_loss
        if loss is None and self._files.tailing:
            return max((point.step for point in figures.latest.values()), default=self._files.tailed.step)
        if loss is None:
            return begun
        resumed = trainer.fit_time is not None and loss.time < trainer.fit_time
        return begun if resumed and begun is not None else loss.step

    def _intervals(self) -> list[float]:
        trainer = self._files.trainer
        times = [at for at in self._files.figures.loss_times if at >= (trainer.fit_time or 0.0)]
        return eta.step_intervals(times, trainer.breaks, begun=trainer.fit_time)

    def _ended(self, state: State, ended: Event | None) -> float | None:
        if state.active:
            return None
        return read_number(ended.get("t")) if ended else self._files.trainer.last_sign

    def _active_seconds(self, now: float, state: State) -> float | None:
        runner = self._files.runner
        if not runner.launches:
            return None
        until = now if state.active else (self._ended(state, runner.exit) or now)
        return runner.active_seconds(until, self._files.trainer.all_pauses())

    def _next_validation(self, step: int | None) -> int | None:
        every = integer(self._files.trainer.fit.get("validate_every"))
        if not every or step is None:
            return None
        return every - step % every

    def _eta(self, state: State, step: int | None, intervals: list[float], pace: eta.Pace | None, now: float) -> Eta:
        if not state.active:
            return Eta(None, reason=str(state))
        trainer = self._files.trainer
        if self._files.tailing:
            return self._tailed_eta(step, intervals, pace, now)
        if not trainer.fit:
            return Eta(None, reason="training has not begun")
        return eta.estimate(
            eta.EtaInputs(
                step=step or 0,
                steps_total=integer(trainer.fit.get("steps_total")),
                intervals=tuple(intervals),
                validate_every=integer(trainer.fit.get("validate_every")),
                validation_seconds=tuple(trainer.validation_seconds),
                checkpoint_every=integer(trainer.fit.get("checkpoint_every")),
                checkpoint_seconds=tuple(trainer.checkpoint_seconds),
                early_stopping=bool(trainer.fit.get("early_stopping")),
                max_seconds=read_number(trainer.fit.get("max_seconds")),
                elapsed=now - (trainer.fit_time or now),
            )
        )

    def _tailed_eta(self, step: int | None, intervals: list[float], pace: eta.Pace | None, now: float) -> Eta:
        tailed, launch, between = self._files.tailed, self._files.launch, eta.pace(intervals)
        planned = launch.steps_planned if launch else None
        return eta.of_records(
            step=step,
            steps_total=None if tailed.line.restarts else tailed.steps_total or planned,  # else it may be an epoch's
            pace=pace,
            said=tailed.seconds_left,
            last=self._files.figures.last_time or tailed.told,
            apart=between[1] if between else None,
            now=now,
            source=tailed.source,
        )

    def _seed(self, vitals: Vitals) -> int | None:
        fit = self._files.trainer.fit
        return integer(fit["seed"]) if "seed" in fit else vitals.origin.seed

    def _guarantee(self) -> tuple[str, str]:
        if self._files.tailing:
            return "unknown", "its script restores what it restores; cockpit cannot look into it"
        fit = self._files.trainer.fit
        return text(fit.get("guarantee")) or "unknown", text(fit.get("guarantee_reason")) or "training has not begun"
