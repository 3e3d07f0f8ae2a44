"""Which of several processes failed first, and what that makes of what the first one says of its end."""

import os
from unittest.mock import Mock

import pytest
from support.fakes import launch

from cockpit.domain.state import State
from cockpit.recorder.follower import FollowerHooks
from cockpit.recorder.orders import StopTraining
from cockpit.runs import failures
from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import ENV_ATTEMPT
from cockpit.runs.reader import RunReader
from cockpit.runs.record import create_run

CLOSED = {"type": "RuntimeError", "message": "Connection closed by peer", "traceback": "of rank 0"}


class Run:
    """A training of three processes, whose first one tells what it is given."""

    def __init__(self, folder, monkeypatch):
        self.paths = create_run(folder, launch(framework="Lightning"), None)
        self.paths.attempts.mkdir(exist_ok=True)
        self.clock = 100.0
        monkeypatch.setattr("time.time", lambda: self.clock)
        runner = JournalWriter(self.paths.runner_journal)
        runner.write("launched", attempt=1, pid=1, host="gpubox")
        self.trainer, self.runner = JournalWriter(self.paths.journal), runner
        self.trainer.write("attach", attempt=1)
        self.trainer.write("fit_start", step=0, world_size=3)

    def told(self, at, event, **fields):
        self.clock = at
        self.trainer.write(event, **fields)

    def fails(self, at, rank, message="it broke", attempt=1):
        self.clock = at
        failures.write_failure(self.paths, attempt, rank, "ValueError", message, f"of rank {rank}")

    def over(self, code=1):
        self.runner.write("exit", code=code)
        return RunReader(self.paths).poll()


@pytest.fixture
def run(tmp_path, monkeypatch):
    return Run(tmp_path, monkeypatch)


def test_what_failed_first_is_the_cause(run):
    run.fails(111.0, 2, "came of it")
    run.fails(110.0, 1)
    run.told(112.0, "exception", **CLOSED)
    state = run.over()
    assert (state.state, state.evidence) == (State.FAILED, "rank 1: ValueError: it broke")
    assert state.exception == "of rank 1"


def test_where_the_first_process_failed_first_it_is_believed(run):
    run.told(110.0, "exception", **CLOSED)
    run.fails(111.0, 1)
    state = run.over()
    assert (state.evidence, state.exception) == ("RuntimeError: Connection closed by peer", "of rank 0")


def test_one_that_its_launcher_ends_for_anothers_failure_has_not_stopped(run):
    run.fails(110.0, 1)
    run.told(115.0, "end", reason="signal", detail="signal 15 at step 3, checkpoint saved")
    assert run.over().state is State.FAILED


def test_what_breaks_after_a_stop_that_was_asked_for_is_no_failure(run):
    run.told(110.0, "end", reason="stopped", detail="stopped at step 3")
    run.fails(111.0, 1)
    assert run.over(code=0).state is State.STOPPED
    run.fails(90.0, 1, attempt=2)
    assert RunReader(run.paths).poll().state is State.STOPPED


@pytest.mark.parametrize("content", ["", "[]", "{", '{"schema": 99, "t": 1}', '{"schema": 1, "t": "x"}'])
def test_a_document_that_is_none_tells_nothing(run, content):
    run.paths.failure(1, 1).write_text(content)
    run.told(112.0, "exception", **CLOSED)
    assert run.over().evidence == "RuntimeError: Connection closed by peer"


def test_every_process_but_the_first_leaves_word_without_secrets(run, monkeypatch):
    monkeypatch.setenv(ENV_ATTEMPT, "1")
    monkeypatch.setitem(os.environ, "MY_API_KEY", "sk-ant-abcdefgh12345678")
    hooks, trainer = FollowerHooks(run.paths), Mock(global_rank=2)
    hooks.on_exception(trainer, None, StopTraining(0))
    assert not run.paths.failure(1, 2).exists()
    hooks.on_exception(trainer, None, ValueError("no sk-ant-abcdefgh12345678"))
    written = run.paths.failure(1, 2).read_text()
    assert "ValueError" in written
    assert "abcdefgh12345678" not in written
