"""A run is taken once, whoever deletes or replaces the lock's file."""

import fcntl
import os

import pytest

from cockpit.errors import RunInUse
from cockpit.runner import locks
from cockpit.runner.locks import expect_no_trainer, take_runner_lock
from cockpit.runs.layout import RunPaths
from cockpit.runs.process import boot_id, start_time
from cockpit.runs.runner_fold import RunnerFold

ME = {
    "event": "launched", "t": 1.0, "pid": os.getpid(), "start_time": start_time(os.getpid()),
    "host": os.uname().nodename, "boot_id": boot_id(),
}  # fmt: skip
EXIT = {"event": "exit", "t": 2.0, "code": 0}


def history(*events):
    fold = RunnerFold()
    for event in events:
        fold.apply(event)
    return fold


def held(path):
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    return fd


@pytest.fixture
def naps(monkeypatch):
    """What to do when the code under test would sleep, one per nap; a nap too many fails."""
    deeds = []
    monkeypatch.setattr(locks.time, "sleep", lambda _: deeds.pop(0)())
    return deeds


def test_a_held_run_is_refused_without_waiting(tmp_path, naps):
    run = RunPaths(tmp_path)
    fd = held(run.runner_lock)
    for told in (history(), history(ME)):
        with pytest.raises(RunInUse, match="already has a runner"):
            take_runner_lock(run, told)
    os.close(fd)


def test_a_runner_that_is_still_writing_its_handoff_is_waited_for(tmp_path, naps):
    run = RunPaths(tmp_path)
    fd = held(run.runner_lock)
    naps += [lambda: None, lambda: os.close(fd)]
    os.close(take_runner_lock(run, history(ME, EXIT)))
    assert naps == []


def test_orphaned_workers_that_hold_the_trainers_lock_are_waited_for(tmp_path, naps):
    run = RunPaths(tmp_path)
    fd = held(run.trainer_lock)
    naps += [lambda: None, lambda: os.close(fd)]
    expect_no_trainer(run, history(ME | {"start_time": ME["start_time"] - 1}))
    assert naps == []


def test_a_trainer_that_lives_keeps_the_run_though_its_lock_was_deleted(tmp_path, naps):
    with pytest.raises(RunInUse, match="still has a trainer"):
        expect_no_trainer(RunPaths(tmp_path), history(ME))


@pytest.mark.parametrize("changes", [{"host": "elsewhere"}, {"boot_id": "another"}, {"pid": None}])
def test_a_trainer_of_another_machine_or_boot_is_judged_by_its_lock(tmp_path, naps, changes):
    expect_no_trainer(RunPaths(tmp_path), history(ME | changes))


def test_a_lock_on_a_file_that_was_deleted_meanwhile_does_not_count(tmp_path, monkeypatch, naps):
    run = RunPaths(tmp_path)
    real, calls = fcntl.flock, []

    def flock(fd, kind):
        real(fd, kind)
        calls.append(fd)
        if len(calls) == 1:
            run.runner_lock.unlink()

    monkeypatch.setattr(fcntl, "flock", flock)
    fd = take_runner_lock(run, history())
    assert len(calls) == 2
    assert os.path.samestat(os.fstat(fd), run.runner_lock.stat())
    os.close(fd)
