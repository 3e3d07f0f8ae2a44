"""Who looks like the trainer and is not, or is and does not look alive: shown as it is, never signalled."""

import os
import signal
import subprocess
import sys

import psutil
import pytest
from support.processes import alive, end_marked, marked, wait_until
from support.project import trainer_of, unbroken

from cockpit.domain.state import State
from cockpit.runs.journal import JournalWriter
from cockpit.runs.process import boot_id, start_time
from cockpit.runs.reader import RunReader

pytestmark = pytest.mark.slow


@pytest.fixture
def bystander():
    """A process that must survive whatever is asked for."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def unfinished(project):
    """A run whose runner and trainer were killed together, as by a crash of the machine: no end is on record."""
    run = project.start()
    trainer = trainer_of(run)
    runner = trainer.parent()
    runner.kill()
    trainer.kill()
    wait_until(lambda: not alive(runner.pid) and not alive(trainer.pid), "their end")
    return run


@pytest.mark.parametrize(
    ("changes", "state", "word", "refusal"),
    [
        ({"start_time": 1}, State.UNKNOWN, "not recorded", "another process"),
        ({"boot_id": "an earlier one"}, State.INTERRUPTED, "restarted", "restarted"),
        ({"host": "gpu-box-7"}, State.UNKNOWN, "runs on gpu-box-7", "gpu-box-7"),
    ],
    ids=["pid reused", "rebooted", "another host"],
)
def test_a_process_that_only_has_the_pid(project, unfinished, bystander, changes, state, word, refusal):
    launched = {"pid": bystander.pid, "start_time": start_time(bystander.pid), "runner_pid": bystander.pid}
    here = {"runner_start_time": 1, "host": os.uname().nodename, "boot_id": boot_id(), "attempt": 1}
    JournalWriter(unfinished.runner_journal).write("launched", **launched | here | changes)
    told = RunReader(unfinished).poll()
    assert told.state is state
    assert word in told.evidence
    window = project.window()
    window.wait_for(str(state).upper())
    for rung in ("--terminate", "--kill"):
        refused = project.cockpit("stop", "latest", rung, "--yes", check=False)
        assert refused.returncode == 1
        assert word in refused.stderr or refusal in refused.stderr
    assert bystander.poll() is None


def test_a_suspended_trainer_is_paused_not_dead(project):
    run = project.start()
    trainer = trainer_of(run)
    trainer.suspend()
    reader = RunReader(run)
    state = wait_until(lambda: (s := reader.poll()).state is State.PAUSED and s, lambda: reader.poll().evidence)
    assert "SIGSTOP" in state.evidence
    project.window().wait_for("PAUSED")
    trainer.resume()
    project.steps_on(run)
    assert unbroken(run) > state.step


def test_a_zombie_has_exited(project):
    """Its runner is suspended and cannot reap it: the exit is not known yet, and nobody is signalled."""
    run = project.start()
    trainer = trainer_of(run)
    runner = trainer.parent()
    runner.suspend()
    trainer.kill()
    wait_until(lambda: trainer.status() == psutil.STATUS_ZOMBIE, "a zombie")
    refused = project.cockpit("stop", "latest", "--kill", "--yes", check=False)
    assert refused.returncode == 1
    assert "exited" in refused.stderr
    assert RunReader(run).poll().state is not State.RUNNING
    runner.resume()
    state = wait_until(lambda: (s := RunReader(run).poll()).state is State.KILLED and s, "the exit")
    assert state.exit_signal == signal.SIGKILL


ORPHANS = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
"""


def test_orphaned_data_workers_are_named_and_not_killed_by_themselves(project):
    main = project.folder / "trainers" / "__main__.py"
    main.write_text(main.read_text().replace('if __name__ == "__main__":', ORPHANS + 'if __name__ == "__main__":'))
    run = project.start()
    trainer = trainer_of(run)
    (worker,) = trainer.children()
    trainer.kill()
    reader = RunReader(run)
    state = wait_until(lambda: not (s := reader.poll()).state.active and s, "the end")
    assert f"pid {worker.pid}" in state.evidence
    assert alive(worker.pid)
    worker.kill()
    wait_until(lambda: str(worker.pid) not in reader.poll().evidence, "the word about it to go")


def test_without_its_lock_file_a_run_still_has_one_trainer(project):
    run = project.start()
    project.cockpit("checkpoint", "latest")
    for lock in (run.trainer_lock, run.runner_lock):
        lock.unlink()
    refused = project.cockpit("resume", "latest", "--allow", "resume", "--detach", check=False)
    assert refused.returncode in (1, 75)
    assert len([p for p in marked(project.folder) if "trainers" in p.cmdline()]) == 1
    assert unbroken(run) > 0
    end_marked(project.folder)


def test_a_clock_that_was_set_back_hides_nothing(project):
    """Every time on record lies an hour ahead of this reader's clock."""
    import time

    run = project.start()
    state = RunReader(run, clock=lambda: time.time() - 3600).poll()
    assert state.state is State.RUNNING
    assert "-" not in state.evidence
    assert state.active_seconds is None or state.active_seconds >= 0
    assert state.eta.seconds is None or state.eta.seconds >= 0
    for seconds in state.step_seconds or ():
        assert seconds >= 0
