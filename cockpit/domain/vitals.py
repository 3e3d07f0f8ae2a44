"""What a run is judged by: short plain sequences, which the runner can afford as well as the screen."""

from __future__ import annotations

from dataclasses import dataclass, field

from cockpit.domain.weights import Weighed

Curve = tuple[tuple[int, float], ...]  # (step, value), ascending
Samples = tuple[tuple[float, float], ...]  # (seconds since the epoch, value), ascending


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the trainer said when the attempt began; None where it did not say."""

    begun: float | None = None  # seconds since the epoch
    step: int = 0  # optimizer steps done before the attempt
    seed_workers: bool = False
    deterministic: bool | None = None
    data_fingerprint: str = ""
    workers: int | None = None  # of the train loader
    loggers: tuple[str, ...] = ()
    scaler: bool = False  # gradients are scaled: fp16
    anomaly: bool = False  # gradients are checked operation by operation
    validate_every: int | None = None  # steps
    checkpoint_every: int | None = None  # steps after which a save is sure


@dataclass(frozen=True, slots=True)
class Origin:
    """What the records of another tool tell of where a run comes from; None and empty are *not told*."""

    seed: int | None = None
    seed_by: str = ""  # what tells it
    deterministic: bool | None = None
    commit: str = ""
    diff: str = ""  # what keeps the changes beyond the commit
    packages: int = 0  # on record with their versions


@dataclass(frozen=True, slots=True)
class Memory:
    """One kind of memory over the attempt, thinned; bytes."""

    name: str  # "host", "GPU 0"
    used: Samples = ()  # of the trainer; on a GPU of everybody where the driver does not tell whose it is
    taken: float | None = None  # of ``total``, by everybody, at the last sample
    total: float | None = None
    peak: float | None = None  # of what was sampled


@dataclass(frozen=True, slots=True)
class Vitals:
    """The recent past of the latest attempt."""

    recorder: str = ""  # whose records are all there is; empty: our own recorder was in the trainer
    conditions: Conditions = field(default_factory=Conditions)
    origin: Origin = field(default_factory=Origin)
    losses: Curve = ()  # the last few hundred
    loss_start: float | None = None  # median of the very first losses of the run
    norms: Curve = ()  # of gradients, as often as they were measured
    waits: Samples = ()  # share of the time that was spent waiting for data, second by second
    update_ratio: float | None = None  # |change of the weights| / |weights| of one step
    weighed: Weighed | None = None  # the same layer by layer, where somebody has asked
    skipped: int | None = None  # steps that the GradScaler has skipped
    skipped_in_a_row: int = 0
    scale: float | None = None
    metric: str = ""  # of validations, that the run is judged by
    validations: Curve = ()  # its values
    validation_times: tuple[float, ...] = ()
    lower_is_better: bool = True
    memory: tuple[Memory, ...] = ()
    busy: tuple[str, Samples] = ("", ())  # what computes ("GPU 0" or "CPU"), and its utilisation in percent, lately
    disk_free: Samples = ()
    last_point: float | None = None  # when the newest scalar was recorded
    pace: float | None = None  # seconds from one record to the next, where that is not the pace of the steps
    tracker_written: float | None = None  # when the tracker's own files last changed
    damaged: tuple[str, ...] = ()  # checkpoints whose sums were wrong when somebody last read them
