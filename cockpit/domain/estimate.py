"""What a run would cost, extrapolated from a dry run of some of its real steps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cockpit.domain.eta import Pace, pace
from cockpit.domain.guard import Fact
from cockpit.domain.text import counted, pair, rough_duration, safe, size

SCHEMA = 1
_TIGHT = 0.9  # of a device's memory: fragmentation alone can fill the rest in a long run


@dataclass(frozen=True, slots=True)
class Saver:
    """What one ModelCheckpoint does: steps between saves (None: at each validation), files kept (None: all)."""

    every: int | None
    kept: int | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What the dry run found; bytes, seconds, watts."""

    measured: float  # Unix time
    device: str
    world_size: int
    precision: str
    parameters: int
    steps_total: int | None
    validate_every: int | None  # steps
    step_seconds: tuple[float, ...]
    validation_batches: int
    validation_batch_seconds: float | None
    checkpoint_seconds: float
    checkpoint_bytes: int
    savers: tuple[Saver, ...]
    max_seconds: float | None
    early_stopping: bool
    host_peak: int | None  # resident, of all processes of the run together
    gpu_peak: int | None  # of the fullest GPU, what the run itself took
    gpu_total: int | None  # memory of that GPU
    watts: float | None  # mean of the GPUs of the run together while it stepped
    code: str = ""  # the state of the project's code, as git knows it
    left_out: str = ""  # what of the training was not measured

    @property
    def gpus(self) -> int:
        """How many GPUs the run would hold."""
        return self.world_size if self.device.startswith("cuda") else 0


@dataclass(frozen=True, slots=True)
class Misfit:
    """The dry run ran out of memory."""

    measured: float  # Unix time
    words: str  # what it died of


@dataclass(frozen=True, slots=True)
class Room:
    """What there is for a run on this machine now, in bytes; None where nobody can tell."""

    host: int | None = None
    gpu: int | None = None  # free on the GPU that has least of it


@dataclass(frozen=True, slots=True)
class Price:
    """What a GPU costs for an hour; None where nobody said."""

    gpu_hour: float | None
    currency: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What the whole run would take, as low, middle and high of the measured pace."""

    seconds: Pace | None  # None: the run has no end
    validations: int
    saves: int
    disk: int | None  # bytes of the checkpoints that are kept, one more while it is written; None: no end


def measurement_of(record: dict[str, Any]) -> Measurement:
    """The measurement that a record of :class:`Measurement`'s fields holds.

    Raises:
        KeyError, TypeError, ValueError: it is no such record.
    """
    if record["schema"] != SCHEMA:
        raise ValueError(f"schema {record['schema']}")
    own: dict[str, Any] = {"gpu_total": None, "watts": None}
    own |= {name: record[name] for name in Measurement.__dataclass_fields__ if name in record}
    own["step_seconds"] = tuple(float(each) for each in record["step_seconds"])
    own["savers"] = tuple(Saver(each["every"], each["kept"]) for each in record["savers"])
    return Measurement(**own)


def cost_of(measured: Measurement, done: int = 0) -> Cost:
    """Extrapolate: steps left x their time, likewise validations and saves, capped by ``max_seconds``.

    The middle is the mean, because one slow step in every few (a loader that lags behind) is part of the pace; the
    range is that of the quartiles.

    Args:
        measured: what the dry run found.
        done: steps that are trained already.
    """
    total = measured.steps_total
    if total is None:
        return Cost(None, 0, 0, None)

    def left(every: int | None) -> int:
        return max(0, total // every - done // every) if every else 0

    validations = left(measured.validate_every) if measured.validation_batches else 0
    saves = [_saves(saver, left(saver.every), validations) for saver in measured.savers]
    kept = [count if saver.kept is None else min(count, saver.kept)
            for saver, count in zip(measured.savers, saves, strict=True)]  # fmt: skip
    extra = validations * (measured.validation_batch_seconds or 0.0) * measured.validation_batches
    extra += sum(saves) * measured.checkpoint_seconds
    limit = measured.max_seconds if measured.max_seconds is not None else float("inf")
    steps = max(0, total - done)
    low, middle, high = (min(steps * each + extra, limit) for each in _pace(measured.step_seconds))
    return Cost((low, middle, high), validations, sum(saves), (sum(kept) + 1) * measured.checkpoint_bytes)


def cost_facts(measured: Measurement, cost: Cost, price: Price, room: Room, code: str) -> Iterator[Fact]:
    """What a person has to know of a run's cost, and how it is known.

    Args:
        measured: what the dry run found.
        cost: what follows from it.
        price: of computing.
        room: what the machine has left.
        code: the state of the project's code now.
    """
    if cost.seconds is None:
        yield Fact("takes", "without end: no length is set", "warn")
    else:
        at_most = "at most " if measured.early_stopping else "about "
        yield Fact("takes", f"{at_most}{span(cost.seconds)}")
        if measured.gpus:
            yield Fact("costs", f"{_money(cost.seconds[1], measured, price)}, {_energy(cost.seconds[1], measured)}")
    yield _memory(measured, room)
    told = (
        f"{_day(measured.measured)}: {counted(len(measured.step_seconds), 'step')} of "
        f"{_pace(measured.step_seconds)[1] * 1e3:.3g} ms on {safe(measured.device)}"
    )
    changed = bool(code and measured.code and code != measured.code)
    yield Fact("measured", f"{told}; the code has changed since" if changed else told, "warn" if changed else "")
    if measured.left_out:
        yield Fact("left out", safe(measured.left_out), "warn")


def span(seconds: Pace) -> str:
    """The middle, and the range if it is one."""
    low, likely, high = (rough_duration(each) for each in seconds)
    return f"{likely} ({low} to {high})" if low != high else likely


def misfit_facts(misfit: Misfit) -> Iterator[Fact]:
    """What is known of a run that ran out of memory while it was measured."""
    yield Fact("takes", "not known", "warn")
    yield Fact("memory", f"it does not fit ({_day(misfit.measured)}): {safe(misfit.words, 160)}", "bad")


def _saves(saver: Saver, spaced: int, validations: int) -> int:
    """How often it saves: every so many steps, or with each validation, once at least."""
    if saver.kept == 0:
        return 0
    return spaced if saver.every else max(1, validations)


def _pace(seconds: tuple[float, ...]) -> Pace:
    """Low, mean and high of a step; fewer than make quartiles have their extremes for a range."""
    if not seconds:
        return 0.0, 0.0, 0.0
    quartiles = pace(seconds)
    low, high = (quartiles[0], quartiles[2]) if quartiles else (min(seconds), max(seconds))
    mean = sum(seconds) / len(seconds)
    return min(low, mean), mean, max(high, mean)


def _day(moment: float) -> str:
    return time.strftime("%d %b %H:%M", time.localtime(moment))


def _money(seconds: float, measured: Measurement, price: Price) -> str:
    hours = seconds / 3600 * measured.gpus
    told = f"{hours:,.2f} GPU-hours" if hours < 100 else f"{hours:,.0f} GPU-hours"
    if price.gpu_hour is None:
        return f"{told}, no price is set"
    return f"{told}, {hours * price.gpu_hour:,.2f} {safe(price.currency)}"


def _energy(seconds: float, measured: Measurement) -> str:
    if measured.watts is None:
        return "energy not known"
    return f"{measured.watts * seconds / 3.6e6:,.2f} kWh at {measured.watts:.0f} W"


def _memory(measured: Measurement, room: Room) -> Fact:
    host = f"{size(measured.host_peak)} of host memory" if measured.host_peak else "host memory not measured"
    told = host if measured.gpu_peak is None else f"{pair(measured.gpu_peak, measured.gpu_total)} of the GPU, {host}"
    if _beyond(measured.gpu_peak, room.gpu):
        return Fact("memory", f"does not fit now: {told}; others leave less of the GPU", "bad")
    if _beyond(measured.host_peak, room.host):
        return Fact("memory", f"does not fit now: {told}; there is less", "bad")
    if (measured.gpu_peak is not None and room.gpu is None) or measured.host_peak is None or room.host is None:
        return Fact("memory", f"took {told}; whether that much is free now is not known")
    tight = measured.gpu_peak is not None and _beyond(
        measured.gpu_peak, int((measured.gpu_total or 0) * _TIGHT) or None
    )
    return Fact("memory", f"{'it fits, barely' if tight else 'it fits'}: {told}", "warn" if tight else "")


def _beyond(need: int | None, room: int | None) -> bool:
    return need is not None and room is not None and need > room
