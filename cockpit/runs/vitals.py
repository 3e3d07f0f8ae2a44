"""What a run is judged by, read from its directory at a cost that does not grow with the run."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import statistics
from contextlib import suppress

from cockpit.domain.curves import is_whole_loss
from cockpit.domain.vitals import Conditions, Memory, Origin, Samples, Vitals
from cockpit.runs.figures import LOSS
from cockpit.runs.files import RunFiles
from cockpit.runs.fold import TrainerFold, integer, text
from cockpit.runs.host_history import History, read_history
from cockpit.runs.journal import read_number
from cockpit.runs.layout import RunPaths
from cockpit.runs.runner_fold import RunnerFold
from cockpit.runs.scalar_tail import first_records, last_records
from cockpit.runs.scalars import ATTEMPT, Scalar
from cockpit.runs.tailed_course import CourseReader, TailedCourse
from cockpit.runs.weights import weighed_of

_TAILS = 2048, 16384  # last records that are looked through: the second where many tags lie between the losses
_ENOUGH = 160  # losses, for a spike or a divergence to be told
_HEADS = 128, 4096  # records that are looked through for the first losses: the second where many tags lie between them
_LOSSES, _NORMS, _WAITS = 512, 64, 16  # points that are kept of them
_FIRST = 16  # losses whose median is where it started
_EVERY = 2.0  # seconds between two looks at the files
_LOOP = "its own loop"  # told by emit, or by the SummaryWriter in it: no more than figures


class VitalsReader:
    """Reads the vitals of one run; between two looks the last ones hold."""

    def __init__(self, run: RunPaths) -> None:
        self._run = run
        self._looked = float("-inf")
        self._seen: object = None
        self._start: float | None = None
        self._vitals = Vitals()
        self._course = CourseReader(run)
        self.tailed = TailedCourse()  # what is followed comes to, where it is

    def read(self, files: RunFiles, now: float) -> Vitals:
        """The vitals as of ``now``; the files have been read up to it."""
        trainer, runner = files.trainer, files.runner
        weighed = trainer.weighed and trainer.weighed.get("t")
        counts = len(trainer.validations), len(runner.exits)
        seen = (trainer.attempt, trainer.fit_time, *counts, weighed, files.tailing)
        if seen != self._seen or not 0 <= now - self._looked < _EVERY:
            self._seen, self._looked = seen, now
            self._vitals = self._look_at_tailed(files) if files.tailing else self._look(files)
        return self._vitals

    def _look_at_tailed(self, files: RunFiles) -> Vitals:
        """The vitals of a followed run: what its files tell, and what the runner samples of every run."""
        self.tailed = self._course.read()
        told, launched = self.tailed.vitals, files.runner.launched or {}
        host, lately = self._host(files.runner)
        return dataclasses.replace(
            told,
            recorder=", ".join(files.tailed.sources) if files.figures.latest else "",
            conditions=Conditions(begun=read_number(launched.get("t"))),
            origin=_origin(files),
            memory=tuple(_memory(host, lately)),
            busy=_busy(lately),
            disk_free=tuple(host.get("disk/free", [])),
            last_point=files.figures.last_time or None,
        )

    def _look(self, files: RunFiles) -> Vitals:
        trainer, curves_of = files.trainer, files.figures.curves
        conditions = _conditions(trainer)
        curves, times = self._curves(trainer, curves_of.train or LOSS)
        host, lately = self._host(files.runner)
        losses = curves.get(curves_of.train or LOSS, [])
        figures = {name: points[-1][1] for name, points in curves.items()}
        best = trainer.best()
        judged = [
            (v.step or 0, value, v.time)
            for v in trainer.validations
            if best and (value := v.value(best.metric)) is not None
        ]
        skipped, scale = figures.get("amp/skipped"), figures.get("amp/scale")
        return Vitals(
            recorder=_LOOP if trainer.fit and "seed" not in trainer.fit else "",
            conditions=conditions,
            origin=_origin(files),
            losses=tuple(losses[-_LOSSES:]),
            loss_start=self._loss_start(trainer, curves_of.train or LOSS),
            norms=tuple(curves.get(curves_of.norm or "", [])[-_NORMS:]),
            waits=tuple(times.get("data_wait", [])[-_WAITS:]),
            update_ratio=figures.get("update_ratio"),
            weighed=weighed_of(trainer.weighed) if trainer.weighed is not None else None,
            skipped=None if skipped is None else int(skipped),
            skipped_in_a_row=int(figures.get("amp/skipped_in_a_row", 0)),
            scale=scale,
            metric=best.metric if best else "",
            validations=tuple((step, value) for step, value, _ in judged),
            validation_times=tuple(time for _, _, time in judged),
            lower_is_better=best is None or best.mode != "max",
            memory=tuple(_memory(host, lately)),
            busy=_busy(lately),
            disk_free=tuple(host.get("disk/free", [])),
            last_point=max((points[-1][0] for points in times.values()), default=None),
            tracker_written=self._tracker_written(),
            damaged=self._damaged(),
        )

    def _curves(self, trainer: TrainerFold, loss: str) -> tuple[dict[str, list[tuple[int, float]]], History]:
        """The last points of every tag in the latest attempt: by step, and by time."""
        for most in _TAILS:
            records = last_records(self._run.scalars, most)
            by_step, by_time = _points(trainer, records)
            if len(records) < most or len(by_step.get(loss, ())) >= _ENOUGH:
                break
        return by_step, by_time

    def _loss_start(self, trainer: TrainerFold, loss: str) -> float | None:
        for count in _HEADS if self._start is None and is_whole_loss(loss) else ():
            records = first_records(self._run.scalars, count)
            losses = (value for _, _, value, tag, _ in records if trainer.tags.get(tag) == loss)
            first = list(filter(math.isfinite, losses))[:_FIRST]
            if len(first) == _FIRST:
                self._start = statistics.median(first)
                break
        return self._start

    def _host(self, runner: RunnerFold) -> tuple[History, History]:
        names = {tag: text(event.get("name")) for tag, event in runner.host_tags.items()}
        since = read_number((runner.launched or {}).get("t")) or 0.0
        return read_history(self._run.host, names, since)

    def _tracker_written(self) -> float | None:
        """When TensorBoard's files last grew."""
        with suppress(OSError):
            found = [entry.stat().st_mtime for entry in os.scandir(self._run.tensorboard) if "tfevents" in entry.name]
            return max(found, default=None)
        return None

    def _damaged(self) -> tuple[str, ...]:
        with suppress(OSError, ValueError, AttributeError):
            known = json.loads(self._run.inspected.read_bytes()).get("checkpoints", {})
            return tuple(name for name, facts in known.items() if isinstance(facts, dict) and facts.get("problem"))
        return ()


def _points(trainer: TrainerFold, records: list[Scalar]) -> tuple[dict[str, list[tuple[int, float]]], History]:
    by_step: dict[str, list[tuple[int, float]]] = {}
    by_time: History = {}
    for step, at, value, tag, flags in records:
        if tag == ATTEMPT and flags:  # one tag alone was redone
            redone = trainer.tags.get(flags - 1, "")
            steps, times = by_step.pop(redone, []), by_time.pop(redone, [])
            if kept := sum(known <= step for known, _ in steps):
                by_step[redone], by_time[redone] = steps[:kept], times[:kept]
        elif tag == ATTEMPT:
            by_step, by_time = {}, {}
        elif (name := trainer.tags.get(tag)) is not None:
            by_step.setdefault(name, []).append((step, value))
            by_time.setdefault(name, []).append((at, value))
    return by_step, by_time


def _origin(files: RunFiles) -> Origin:
    """What a script's own files, else its launch, say of it."""
    if files.tailing and files.tailed.seed is not None:
        return Origin(files.tailed.seed, files.tailed.seed_by)
    return Origin(files.launch.seed, files.launch.seed_by) if files.launch else Origin()


def _conditions(trainer: TrainerFold) -> Conditions:
    fit = trainer.fit
    told = fit.get("deterministic")
    loggers = fit.get("loggers")
    return Conditions(
        begun=trainer.fit_time,
        step=integer(fit.get("step")) or 0,
        seed_workers=fit.get("seed_workers") is True,
        deterministic=told if isinstance(told, bool) else None,
        data_fingerprint=text(fit.get("data_fingerprint")),
        workers=integer(fit.get("workers")),
        loggers=tuple(text(name) for name in loggers) if isinstance(loggers, list) else (),
        scaler=fit.get("scaler") is True,
        anomaly=fit.get("anomaly") is True,
        validate_every=integer(fit.get("validate_every")),
        checkpoint_every=integer(fit.get("checkpoint_every")),
    )


def _memory(host: History, lately: History) -> list[Memory]:
    found = []
    if used := host.get("ram/trainer"):
        taken, total = _last(lately, "ram/used"), _last(lately, "ram/total")
        found.append(Memory("host", tuple(used), taken, total, max(value for _, value in used)))
    for name, samples in sorted(host.items()):
        if name.startswith("gpu") and name.endswith("/memory_used"):
            gpu = name.partition("/")[0]
            taken, total = _last(lately, name), _last(lately, f"{gpu}/memory_total")
            used = host.get(f"{gpu}/memory_trainer") or samples
            found.append(Memory(f"GPU {gpu[3:]}", tuple(used), taken, total, max(value for _, value in used)))
    return found


def _busy(lately: History) -> tuple[str, Samples]:
    """What does the computing: the GPU where there is one, else the trainer's share of the processor."""
    gpus = [name for name in sorted(lately) if name.startswith("gpu") and name.endswith("/utilisation")]
    if gpus:
        return f"GPU {gpus[0].partition('/')[0][3:]}", tuple(lately[gpus[0]])
    return "CPU", tuple(lately.get("cpu/trainer", []))


def _last(history: History, name: str) -> float | None:
    return history[name][-1][1] if history.get(name) else None
