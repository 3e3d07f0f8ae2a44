"""What is known of one run at one moment: plain frozen records that every panel and document renders.

Units: times are seconds since the epoch, durations seconds, sizes bytes. ``None`` means *not known*,
never zero. The rules that decide ``State`` live in ``domain/lifecycle.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.domain.state import State

if TYPE_CHECKING:
    from cockpit.domain.series import SeriesView

SCHEMA = 1
NONFINITE_NAMED = 20  # non-finite values that a trainer writes down one by one; the curves hold the rest


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the five data steps (``pipeline="data"``) or seven training steps (``"training"``)."""

    pipeline: str
    index: int  # 1-based
    of: int
    name: str
    status: str = "running"  # running | done | skipped | failed
    detail: str = ""  # e.g. "1,713 files, 2 unreadable, 14 duplicates"
    done: int | None = None
    total: int | None = None
    time: float | None = None


@dataclass(frozen=True, slots=True)
class Best:
    """The best value so far of the metric the run is judged by."""

    metric: str
    value: float
    step: int | None = None
    epoch: int | None = None
    mode: str = "min"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint file of a run."""

    path: str
    name: str
    step: int | None = None
    epoch: int | None = None
    metric: str | None = None
    value: float | None = None
    bytes: int | None = None
    time: float | None = None
    seconds: float | None = None  # what saving it took
    roles: tuple[str, ...] = ()  # best | last | stopped | requested
    finite: bool | None = None  # whether its weights are
    guarantee: tuple[str, str] | None = None  # of a resume: level and why, as the recorder saw it when saving
    attempt: int = 1  # that saved it


@dataclass(frozen=True, slots=True)
class Eta:
    """Time left for the whole run. ``seconds`` is None where only a rate is known; ``reason`` says why."""

    seconds: float | None
    low: float | None = None  # from the 25th percentile of the step interval
    high: float | None = None  # from the 75th
    at_most: bool = False  # early stopping may end it sooner
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GpuUse:
    """One GPU as the runner last sampled it."""

    index: int
    name: str
    memory_used: float | None = None
    memory_total: float | None = None
    memory_peak: float | None = None
    utilisation: float | None = None  # percent
    temperature: float | None = None  # degrees Celsius
    power: float | None = None  # watts


@dataclass(frozen=True, slots=True)
class NonFinite:
    """A NaN or infinity that was seen in training."""

    step: int
    what: str  # tag name, or "grad_norm"
    time: float


@dataclass(frozen=True, slots=True)
class Launch:
    """What run.json says: everything fixed before the first step. Secrets are already redacted."""

    id: str
    name: str
    created: float
    project: str  # absolute path
    argv: tuple[str, ...]
    command: str  # argv as a pasteable line
    config: str  # the user's file
    seed: int | None
    host: str
    boot_id: str
    python: str  # absolute path of the interpreter
    environment: Mapping[str, str]  # kind ("venv" | "conda" | "system"), name, prefix, activate
    cuda_visible_devices: str | None
    git_commit: str | None
    git_dirty: bool | None
    git_diff: str
    tracker: str
    steps_planned: int | None = None
    epochs_planned: int | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()  # key=value given by --set
    test: bool = False  # demo, estimate, fast_dev_run


@dataclass(frozen=True, slots=True)
class RunState:
    """One consistent look at a run; made by ``runs.reader.RunReader.poll()``."""

    id: str
    name: str
    path: str
    launch: Launch | None
    state: State
    evidence: str
    updated: float  # when this look was taken
    started: float | None = None  # of the first attempt
    ended: float | None = None
    active_seconds: float | None = None  # wall time spent in attempts
    attempt: int = 1
    pid: int | None = None
    remaining: tuple[int, ...] = ()  # pids of its processes that outlived the trainer and still live
    supervised: bool = True

    stages: tuple[Stage, ...] = ()  # latest status of each, data first
    stage: Stage | None = None  # the one it is in now
    step: int | None = None
    steps_total: int | None = None
    epoch: int | None = None  # 0-based, as Lightning counts
    epochs_total: int | None = None
    steps_per_epoch: int | None = None
    phase_done: int | None = None  # batches of the validation under way
    phase_total: int | None = None
    next_validation_in: int | None = None  # steps
    steps_per_second: float | None = None
    samples_per_step: float | None = None  # what one optimizer step consumes ...
    sample_unit: str = "samples"  # ... and what it counts ("tokens" for a language model)
    step_seconds: tuple[float, float, float] | None = None  # p25, median, p75 of recent intervals
    eta: Eta = Eta(None, reason="not started")

    loss_train: float | None = None  # may be NaN or inf: that is a value
    loss_train_smooth: float | None = None
    loss_val: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    best: Best | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)  # last value of every tag
    checkpoints: tuple[Checkpoint, ...] = ()  # newest first
    last_checkpoint: str | None = None
    save_error: str = ""  # why the latest save failed; older checkpoints are all kept while it does
    nonfinite: tuple[NonFinite, ...] = ()  # the first few, oldest first
    nonfinite_count: int = 0

    device: str = ""  # "cuda:0 NVIDIA H100", "cpu"
    processes: int | None = None  # that train together
    parameters: int | None = None
    precision: str = ""
    seed: int | None = None
    guarantee: tuple[str, str] = ("unknown", "training has not begun")  # of a resume: level, why
    gpus: tuple[GpuUse, ...] = ()
    gpu_error: str = ""  # why the runner could not sample GPUs
    ram_used: float | None = None  # resident memory of the trainer's process tree
    ram_peak: float | None = None
    exit_code: int | None = None
    exit_signal: int | None = None
    exception: str = ""  # last traceback
    pending_requests: tuple[str, ...] = ()  # verbs sent and not yet acknowledged
    bad_records: int = 0
    series: Mapping[str, SeriesView] = field(default_factory=dict)

    @property
    def fraction(self) -> float | None:
        """Share of the whole run done, 0..1; None where the length is unknown."""
        if self.step is None or not self.steps_total:
            return None
        return min(1.0, self.step / self.steps_total)

    @property
    def nonfinite_unnamed(self) -> bool:
        """Whether there may be more NaN and infinities than the trainer has written down one by one."""
        return self.nonfinite_count >= NONFINITE_NAMED

    @property
    def short_id(self) -> str:
        """The last group of the id, what people read aloud (``7f3a``)."""
        return self.id.rsplit("-", 1)[-1]
