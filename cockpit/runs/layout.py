"""Where everything of a run lies. The only module that knows file names."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Self, overload

ENV_RUN_DIR = "COCKPIT_RUN_DIR"
ENV_ATTEMPT = "COCKPIT_ATTEMPT"
ENV_SCRIPT = "COCKPIT_SCRIPT"  # set where somebody's own script runs, which may train more than once
ENV_TRACKERS = "COCKPIT_TRACKERS"  # of the shipped trainers, by kind, with commas between
ENV_ESTIMATE = "COCKPIT_ESTIMATE"  # the folder of a dry run
ENV_ANOMALY = "COCKPIT_ANOMALY"  # set where gradients are checked operation by operation
ENV_ALERTS = "COCKPIT_ALERTS"  # where alerts go, apart from what cockpit.toml says
STACKS_SIGNAL = signal.SIGUSR2  # makes a recorded trainer write its stacks into its log
ESTIMATES = ".estimates"  # in the runs folder: what dry runs measured
AUDIT = "audit.jsonl"  # in the runs folder: who allowed what
INDEX = ".index.json"  # in the runs folder: what its ended runs came to


class _Entry:
    """A file or folder of the run directory, by its fixed name."""

    def __init__(self, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, run: None, owner: type[RunPaths]) -> Self: ...
    @overload
    def __get__(self, run: RunPaths, owner: type[RunPaths]) -> Path: ...
    def __get__(self, run: RunPaths | None, owner: type[RunPaths]) -> Path | Self:
        return self if run is None else run.root / self.name


class RunPaths:
    """The files of one run directory."""

    run_json = _Entry("run.json")
    config = _Entry("config.yaml")
    journal = _Entry("journal.jsonl")  # one writer: the trainer
    scalars = _Entry("scalars.bin")  # one writer: the trainer
    runner_journal = _Entry("runner.jsonl")  # one writer: the runner
    host = _Entry("host.bin")  # one writer: the runner
    tailed = _Entry("tailed.bin")  # one writer: the runner, from files that a script writes by itself
    course = _Entry("tailed.json")  # what a run is judged by of tailed.bin; the runner replaces it as it goes
    tailed_journal = _Entry("tailed.jsonl")  # one writer: the runner
    notes = _Entry("notes.jsonl")  # what people noted; appended to under a lock
    output = _Entry("output.log")  # the trainer's stdout and stderr
    runner_log = _Entry("runner.log")  # the runner's own; empty unless it broke
    requests = _Entry("requests")
    checkpoints = _Entry("checkpoints")
    inspected = _Entry("inspected.json")  # what was found inside the checkpoints; any reader may replace it
    tmp = _Entry(".tmp")  # the trainer's TMPDIR, on the checkpoints' filesystem
    tensorboard = _Entry("tensorboard")
    trainer_lock = _Entry("trainer.lock")
    runner_lock = _Entry("runner.lock")
    attempts = _Entry("attempts")  # what each runs, which signals a person sent it, what ended its processes
    handoff_md = _Entry("handoff.md")
    handoff_json = _Entry("handoff.json")

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def id(self) -> str:
        """The run's id, which is its folder's name."""
        return self.root.name

    def attempt(self, number: int) -> Path:
        """What the attempt of this number runs (1-based)."""
        return self.attempts / f"{number}.json"

    def attempt_config(self, number: int) -> Path:
        """The run's config as it was when this attempt began."""
        return self.attempts / f"{number}.yaml"

    def signal_note(self, attempt: int, name: str) -> Path:
        """Who sent the trainer of an attempt the signal of this name."""
        return self.attempts / f"{attempt}.{name}.json"

    def failure(self, attempt: int, rank: int) -> Path:
        """What ended the process of this rank in an attempt."""
        return self.attempts / f"{attempt}.rank-{rank}.json"


class EstimatePaths:
    """The files of one dry run, in a folder that is removed afterwards."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config.yaml"
        self.hooked = folder / "hooked"  # the recorder's hooks are in one of its processes
        self.progress = folder / "progress.json"
        self.result = folder / "result.json"
        self.checkpoint = folder / "measured.ckpt"  # a folder where its trainer writes folders
        self.output = folder / "output.log"
        self.tracker = folder / "tracker"  # what callbacks write beside a tracker's files


def new_run_id(name: str, now: float | None = None) -> str:
    """``2026-11-22T1830-gpt-stdlib-7f3a``: sortable, readable, unique enough to be made without a lock."""
    slug = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")[:40] or "run"
    stamp = time.strftime("%Y-%m-%dT%H%M", time.localtime(now))
    return f"{stamp}-{slug}-{os.urandom(2).hex()}"
