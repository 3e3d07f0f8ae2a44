"""A signal reaches the very process that was launched, or nobody."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from cockpit.domain.state import State
from cockpit.errors import NotPossible
from cockpit.runner.control import kill, open_trainer, terminate
from cockpit.runs.journal import JournalWriter
from cockpit.runs.process import boot_id, start_time
from cockpit.runs.reader import RunReader

SLEEP = "import time; time.sleep(600)"


@pytest.fixture
def bystander():
    """A process that must survive whatever is asked for."""
    process = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def launched(of, /, **changes):
    event = {"pid": of, "start_time": start_time(of), "host": os.uname().nodename, "boot_id": boot_id()}
    return {**event, **changes}


def test_terminate_reaches_the_trainer_and_is_recorded_with_its_sender(run):
    started = run.start(SLEEP)
    assert terminate(run.paths, "ada") == started.pid
    event = run.event("exit")
    assert (event["signal"], event["oom"]) == (signal.SIGTERM, "sent by ada")
    assert run.event("signal") | {"signal": "SIGTERM", "by": "person"} == run.event("signal")
    state = RunReader(run.paths).poll()
    assert (state.state, state.evidence) == (State.KILLED, "SIGTERM; sent by ada")


def test_a_suspended_trainer_hears_it_too(run, wait_for):
    started = run.start(SLEEP)
    trainer = psutil.Process(started.pid)
    trainer.suspend()
    wait_for(lambda: trainer.status() == psutil.STATUS_STOPPED)
    terminate(run.paths, "ada")
    assert run.event("exit")["signal"] == signal.SIGTERM


def test_kill_takes_every_process_of_the_trainer(run, wait_for, alive, bystander):
    family = f"""
import subprocess, sys, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
worker = [sys.executable, "-c", {SLEEP!r}]
print(subprocess.Popen(worker).pid, subprocess.Popen(worker, start_new_session=True).pid)
time.sleep(600)
"""
    started = run.start(family)
    wait_for(lambda: run.paths.output.exists() and run.output().endswith("\n"))
    workers = [int(pid) for pid in run.output().split()]
    killed = kill(run.paths, "ada")
    assert set(killed) == {started.pid, *workers}
    wait_for(lambda: not any(map(alive, (started.pid, *workers))))
    assert run.event("exit")["oom"] == "sent by ada"
    assert bystander.poll() is None


def test_a_cockpit_that_was_started_inside_the_run_is_spared(run, monkeypatch):
    monkeypatch.setenv("COCKPIT_RUN_DIR", str(run.paths.root))
    started = run.start(SLEEP)
    code = (
        "import sys; from pathlib import Path; from cockpit.runner.control import kill;"
        "from cockpit.runs.layout import RunPaths; print(kill(RunPaths(Path(sys.argv[1])), 'ada'))"
    )
    command = [sys.executable, "-c", code, str(run.paths.root)]
    cockpit = subprocess.run(command, capture_output=True, text=True, check=False, start_new_session=True)
    assert cockpit.stdout == f"({started.pid},)\n"
    assert run.event("exit")["signal"] == signal.SIGKILL  # so the runner lived to tell


def test_a_pid_that_was_reused_is_not_signalled(run, bystander):
    journal = JournalWriter(run.paths.runner_journal)
    journal.write("launched", attempt=1, **launched(bystander.pid, start_time=start_time(bystander.pid) - 1))
    for deed in (terminate, kill):
        with pytest.raises(NotPossible, match="another process"):
            deed(run.paths, "ada")
    assert bystander.poll() is None
    assert not run.paths.attempts.exists() or list(run.paths.attempts.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"host": "elsewhere"}, "runs on elsewhere"),
        ({"boot_id": "another boot"}, "restarted"),
        ({"pid": None}, "did not record"),
        ({"pid": -1}, "did not record"),
        ({"start_time": None}, "did not record"),
    ],
)
def test_what_cannot_be_identified_is_refused(bystander, changes, reason):
    with pytest.raises(NotPossible, match=reason):
        open_trainer(launched(bystander.pid, **changes))


def test_a_zombie_is_refused(wait_for):
    process = subprocess.Popen([sys.executable, "-c", ""])
    event = launched(process.pid)
    wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    with pytest.raises(NotPossible, match="already exited"):
        open_trainer(event)
    process.wait()
    with pytest.raises(NotPossible, match="is gone"):
        open_trainer(event)


def test_a_run_that_is_over_or_never_began_is_refused(run):
    with pytest.raises(NotPossible, match="never launched"):
        terminate(run.paths, "ada")
    run.finish("")
    with pytest.raises(NotPossible, match="already exited"):
        kill(run.paths, "ada")
