"""What is known of one run at one moment: plain frozen records that every panel and document renders.

Units: times are seconds since the epoch, durations seconds, sizes bytes. ``None`` means *not known*,
never zero. The rules that decide ``State`` live in ``domain/lifecycle.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.domain.growth import Growth
from cockpit.domain.script import from_template
from cockpit.domain.state import State
from cockpit.domain.text import rough_duration, safe
from cockpit.domain.vitals import Vitals

if TYPE_CHECKING:
    from cockpit.domain.criteria import Criterion
    from cockpit.domain.series import SeriesView
    from cockpit.domain.trackers import Tracker
    from cockpit.domain.trouble import Trouble

SCHEMA = 1
VALIDATION_LOSS = ("val/loss", "val_loss", "eval_loss", "eval/loss")  # what it is called, first come first taken
_LATELY, _PACES = 600.0, 10  # seconds, and distances between records, after which nobody can say whether it trains
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
    changes: tuple[str, ...] = ()  # ids of the marks whose changes a resume from it takes along
    followed: bool = False  # a script wrote it by itself: it is listed, and nobody here touches it


@dataclass(frozen=True, slots=True)
class Eta:
    """Time left for the whole run. ``seconds`` is None where only a rate is known; ``reason`` says why."""

    seconds: float | None
    low: float | None = None  # from the 25th percentile of the step interval
    high: float | None = None  # from the 75th
    at_most: bool = False  # early stopping may end it sooner
    reason: str = ""

    @property
    def words(self) -> tuple[str, str]:
        """``27m`` and ``(24m–31m)``, with what it rests on; for an estimate that there is."""
        low, high = rough_duration(self.low), rough_duration(self.high)
        spread = "" if self.low is None or low == high else f"({low}–{high})"
        return rough_duration(self.seconds), " ".join(part for part in (spread, self.reason) if part)


@dataclass(frozen=True, slots=True)
class GpuUse:
    """One GPU as the runner last sampled it."""

    index: int
    name: str
    memory_used: float | None = None
    memory_total: float | None = None
    utilisation: float | None = None  # percent
    temperature: float | None = None  # degrees Celsius
    power: float | None = None  # watts


@dataclass(frozen=True, slots=True)
class NonFinite:
    """A NaN or infinity that was seen in training."""

    step: int
    what: str  # tag name, or "grad_norm"
    time: float | None  # None where the records tell no time


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that is told at its step for ever: a change of a hyperparameter, a note."""

    id: str
    step: int
    time: float
    kind: str  # change | note
    text: str
    by: str = ""
    in_force: bool = True  # of a change: False once a resume went back to before it
    values: Mapping[str, float | int | None] = field(default_factory=dict)  # of a change: what differs after it


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
    cwd: str = ""  # where the command runs; empty: in the project
    framework: str | None = None  # what somebody's own script imports; None: it trains a config
    resume: tuple[str, ...] | None = None  # argv with {checkpoint}; empty: not known; None: argv and --ckpt_path
    seed_by: str = ""  # what says the seed, where no config of Lightning's does
    git_untracked: tuple[str, ...] = ()  # Python files that neither the commit nor the diff has
    python_path: str = ""  # PYTHONPATH as the user had set it; empty: it was not

    @property
    def untracked(self) -> str:
        """The Python files that git does not have, named for a person; empty where there are none."""
        return ", ".join(safe(name, 40) for name in self.git_untracked[:3]) + ", …" * (len(self.git_untracked) > 3)

    @property
    def folder(self) -> str:
        """Where the command runs."""
        return self.cwd or self.project

    def resume_argv(self, checkpoint: str) -> tuple[str, ...]:
        """The command that goes on from a checkpoint; empty where nobody has said how."""
        if self.resume is None:
            return (*self.argv, "--ckpt_path", checkpoint)
        return from_template(self.resume, checkpoint)


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
    growth: Growth | None = None  # why its runner has suspended it; None where it has not
    supervised: bool = True
    resume_step: int | None = None  # of the checkpoint that the attempt, which has begun, was to go on from
    listens: bool = False  # a recorder in the trainer reads requests

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
    loss_val: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    best: Best | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)  # last value of every tag
    trackers: tuple[Tracker, ...] = ()  # where it is followed besides
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
    exit_code: int | None = None
    exit_signal: int | None = None
    exception: str = ""  # last traceback
    marks: tuple[Mark, ...] = ()  # in the order of their time
    hyperparameters: Mapping[str, float | int | None] = field(default_factory=dict)  # that can be changed, as they are
    steps_longest: int | None = None  # where its loop ends, whatever its length is set to; None where it does not
    schedules: tuple[str, ...] = ()  # classes of its learning rate schedulers
    bad_records: int = 0
    series: Mapping[str, SeriesView] = field(default_factory=dict)

    vitals: Vitals = field(default_factory=Vitals)  # what it is judged by
    criteria: tuple[Criterion, ...] = ()  # of good training; none before the first step
    troubles: tuple[Trouble, ...] = ()  # the gravest first
    verdict: str = ""  # the criteria in short, "✓5 ⚠1"; lists have no more of them

    @property
    def fraction(self) -> float | None:
        """Share of the whole run done, 0..1; None where the length is unknown."""
        if self.step is None or not self.steps_total:
            return None
        return min(1.0, self.step / self.steps_total)

    @property
    def goes_on(self) -> bool:
        """Whether training is believed to go on: its process lives, or another tool's records still come."""
        if self.state is not State.WATCHED:
            return self.state.active
        last = self.vitals.last_point
        return last is not None and self.updated - last <= max(_LATELY, _PACES * (self.vitals.pace or 0.0))

    @property
    def told(self) -> str:
        """Its state with what that rests on, as one phrase."""
        return self.evidence if self.evidence.startswith(self.state) else f"{self.state}: {self.evidence}"

    @property
    def nonfinite_unnamed(self) -> bool:
        """Whether there may be more NaN and infinities than the trainer has written down one by one."""
        return self.nonfinite_count >= NONFINITE_NAMED

    @property
    def short_id(self) -> str:
        """The last group of the id, what people read aloud (``7f3a``)."""
        return self.id.rsplit("-", 1)[-1]
