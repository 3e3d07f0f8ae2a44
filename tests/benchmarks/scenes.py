"""Run directories to measure on, written through the same code that a trainer and its runner use."""

from __future__ import annotations

import math
import os
import random
import struct
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from cockpit.domain.run import Launch
from cockpit.runs import process
from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import RunPaths
from cockpit.runs.record import create_run
from cockpit.runs.scalars import Scalar, ScalarWriter

LOSS, RATE, VALIDATION = 0, 1, 2
_TAGS = {LOSS: "train/loss", RATE: "lr", VALIDATION: "val/loss"}
_FLOAT32 = struct.Struct("f")
_VALIDATE_EVERY = 200
_HOST = ("cpu/host", "ram/trainer")


class Recorded:
    """A run directory and its writers: a trainer's and a runner's in one.

    Args:
        runs_folder: where runs lie.
        run_id: what it is called; ids sort by time.
        steps_total: the planned length.
        begun: when it was launched, epoch seconds.
    """

    def __init__(self, runs_folder: Path, run_id: str, steps_total: int, begun: float) -> None:
        self.run = create_run(runs_folder, _launch(runs_folder, run_id, steps_total, begun), b"trainer: {}\n")
        self.steps_total = steps_total
        self._journal, self._scalars = JournalWriter(self.run.journal), ScalarWriter(self.run.scalars)
        self._runner, self._host = JournalWriter(self.run.runner_journal), ScalarWriter(self.run.host)
        self._noise = random.Random(7)
        self._at = begun
        me = {"pid": os.getpid(), "start_time": process.start_time(os.getpid())}
        self._runner.write(
            "launched", t=begun, attempt=1, argv=[sys.executable], cwd=str(self.run.root), **me, runner_pid=me["pid"],
            runner_start_time=me["start_time"], host=os.uname().nodename, boot_id=process.boot_id(),
            checkpoint=None, step=None,
        )  # fmt: skip
        for tag, name in enumerate(_HOST):
            self._runner.write("host_tag", tag=tag, name=name, device=None)
        self._journal.write("attach", t=begun, attempt=1, **me, python="3", torch="2", lightning="2")
        for tag, name in _TAGS.items():
            self._journal.write("tag", t=begun, tag=tag, name=name)
        self._journal.write(
            "stage", t=begun, pipeline="training", index=5, of=7, name="train", status="running", detail=""
        )
        self._journal.write(
            "fit_start", t=begun, step=0, epoch=0, steps_total=steps_total, epochs_total=1, steps_per_epoch=steps_total,
            validate_every=_VALIDATE_EVERY, checkpoint_every=None, accumulate=1, world_size=1, device="cpu",
            precision="32-true", parameters=1000, seed=7, monitor="val/loss", mode="min", max_seconds=None,
            early_stopping=False, samples_per_step=32, sample_unit="samples",
            resumed_from=None, guarantee="exact", guarantee_reason="",
        )  # fmt: skip

    def train(self, steps: range, times: Iterable[float]) -> None:
        """Record ``steps``, a time each: a loss at every one, sometimes a learning rate or a validation."""
        records: list[Scalar] = []
        for step, at in zip(steps, times, strict=True):
            self._at = at
            share = step / self.steps_total
            records.append((step, at, _float32(_loss(share) * self._noise.lognormvariate(0, 0.2)), LOSS, 0))
            if step % 5 == 0:
                records.append((step, at, 3e-4 * (1 + math.cos(math.pi * share)) / 2, RATE, 0))
            if step % _VALIDATE_EVERY == 0:
                records.append((step, at, _loss(share) * 1.05, VALIDATION, 0))
                self._validated(step)
        self._scalars.write(records)

    def _validated(self, step: int) -> None:
        metrics = {"val/loss": _loss(step / self.steps_total) * 1.05}
        self._journal.write("validation_start", t=self._at, step=step, epoch=0, batches=10, sanity=False)
        self._journal.write(
            "validation_end", t=self._at, step=step, epoch=0, seconds=0.0, sanity=False, metrics=metrics
        )
        with open(self.run.output, "a") as output:
            output.write(f"step {step}: val/loss {metrics['val/loss']:.4f}\n")

    def sample(self, at: float) -> None:
        """Record the machine, as the runner does every second."""
        self._host.write([(0, at, self._noise.uniform(20, 60), 0, 0), (0, at, self._noise.gauss(900e6, 4e6), 1, 0)])

    def finish(self) -> None:
        """The training is through and its process gone."""
        self._journal.write(
            "end", t=self._at, reason="finished", step=self.steps_total, epoch=0, detail="all steps done"
        )
        self._runner.write(
            "exit", t=self._at, code=0, signal=None, core=False, oom="", seconds=0.0, left=[], left_start_times=[]
        )


def finished(runs_folder: Path, run_id: str, steps: int) -> RunPaths:
    """A run of ``steps`` steps at twenty a second, one loss each, that ended a minute ago."""
    begun = time.time() - steps / 20 - 60
    recorded = Recorded(runs_folder, run_id, steps, begun)
    for first in range(1, steps + 1, 10_000):
        part = range(first, min(steps, first + 9_999) + 1)
        recorded.train(part, (begun + step / 20 for step in part))
    recorded.sample(begun)
    recorded.finish()
    return recorded.run


def many(runs_folder: Path, count: int) -> None:
    """``count`` short runs that ended, copies but for their ids."""
    first = finished(runs_folder, _numbered(0), 500)
    files = [path for path in first.root.iterdir() if path.is_file()]
    contents = {path.name: path.read_bytes() for path in files}
    for number in range(1, count):
        folder = runs_folder / _numbered(number)
        folder.mkdir()
        for name, content in contents.items():
            (folder / name).write_bytes(content.replace(first.id.encode(), folder.name.encode()))


def _numbered(number: int) -> str:
    return f"2026-01-01T{number:05d}-bench-{number:04x}"


def event_file(folder: Path, values: list[float]) -> None:
    """The same losses as a TensorBoard event file."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    folder.mkdir(parents=True)
    with open(folder / "events.out.tfevents.1.bench", "wb") as file:
        for step, value in enumerate(values, 1):
            event = Event(wall_time=step / 20, step=step)
            event.summary.value.add(tag="train/loss", simple_value=value)
            data = event.SerializeToString()
            length = struct.pack("<Q", len(data))
            file.write(length + struct.pack("<I", masked_crc32c(length)))
            file.write(data + struct.pack("<I", masked_crc32c(data)))


def _loss(share: float) -> float:
    return 0.5 + 3.5 * math.exp(-6 * share)


def _float32(value: float) -> float:
    """As a loss comes out of a network."""
    return float(_FLOAT32.unpack(_FLOAT32.pack(value))[0])


def _launch(runs_folder: Path, run_id: str, steps: int, begun: float) -> Launch:
    return Launch(
        id=run_id, name="bench", created=begun, project=str(runs_folder.parent), argv=(sys.executable,),
        command=sys.executable, config="bench.yaml", seed=7, host=os.uname().nodename, boot_id=process.boot_id(),
        python=sys.executable, environment={"kind": "venv", "name": "bench", "prefix": sys.prefix, "activate": ""},
        cuda_visible_devices=None, git_commit=None, git_dirty=None, git_diff="", tracker="TensorBoard",
        steps_planned=steps,
    )  # fmt: skip
