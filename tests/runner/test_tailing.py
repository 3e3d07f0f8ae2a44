"""What a script writes is followed until it ends, although the disk is full for a while."""

import errno
import itertools
import os
import threading

import pytest
from support.fakes import launch
from support.processes import wait_until

from cockpit.runner import tailing
from cockpit.runner.family import Member
from cockpit.runner.tailing import Tailer
from cockpit.runs.process import start_time
from cockpit.runs.reader import RunReader
from cockpit.runs.record import create_run
from cockpit.runs.scalars import ScalarWriter


@pytest.fixture
def run(tmp_path, monkeypatch):
    for name in ("_EVERY", "_RETRY"):
        monkeypatch.setattr(tailing, name, 0.02)
    return create_run(tmp_path / "runs", launch(framework="PyTorch"), None)


def test_what_a_full_disk_did_not_take_is_there_once_it_has_room(tmp_path, monkeypatch, run):
    taken, full = [], [False, True, True, False]
    real = ScalarWriter.write

    def write(self, records):
        taken.append(list(records))
        if taken[-1] and full and full.pop(0):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(self, taken[-1])

    def losses():
        view = RunReader(run, series=True).poll().series.get("train_loss")
        return [] if view is None else list(zip(view.steps.tolist(), view.values.tolist(), strict=True))

    monkeypatch.setattr(ScalarWriter, "write", write)
    script = tmp_path / "project"
    script.mkdir()
    tailer = Tailer(run, str(script), Member(os.getpid(), start_time(os.getpid())), 1)
    tailer.start()
    rows = [(step, 1.0 - step / 10) for step in range(8)]
    with open(script / "metrics.csv", "a") as file:
        print("step,train_loss", file=file)
        for part in (rows[:4], rows[4:]):
            print(*(f"{step},{value}" for step, value in part), sep="\n", file=file, flush=True)
            wait_until(lambda part=part: losses()[-1:] == part[-1:], "the points to be recorded")
    tailer.finish()
    assert losses() == rows
    assert not full


def test_looks_that_take_long_are_rare(tmp_path, monkeypatch, run):
    """A folder of a hundred thousand tensors must not take a core from the training."""
    waits = []

    class Over(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            if len(waits) == 3:
                self.set()
            return self.is_set()

    monkeypatch.setattr(tailing.time, "perf_counter", itertools.count(0.0, 0.5).__next__)
    tailer = Tailer(run, str(tmp_path), Member(os.getpid(), start_time(os.getpid())), 1)
    tailer._over = Over()
    tailer._look_again_and_again()
    assert waits[:3] == [4.5] * 3
