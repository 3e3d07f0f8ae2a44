"""Only the very process that was listed is asked where it is."""

import os
import subprocess
import sys

import pytest

from cockpit.runner import stacks
from cockpit.runner.family import Member
from cockpit.runs.layout import RunPaths
from cockpit.runs.process import start_time

_LISTENS = (
    "import signal, sys; signal.signal(signal.SIGUSR2, lambda *_: sys.exit(3)); print(flush=True); signal.pause()"
)


@pytest.fixture
def child():
    with subprocess.Popen([sys.executable, "-c", _LISTENS], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield process
        process.kill()


@pytest.mark.parametrize("same", [True, False])
def test_whoever_has_its_pid_by_now_is_not_signalled(tmp_path, monkeypatch, child, same):
    began = start_time(child.pid)
    monkeypatch.setattr(stacks, "launched_trainer", lambda run: {"pid": child.pid, "start_time": began})
    monkeypatch.setattr(stacks, "open_trainer", lambda launched: os.pidfd_open(child.pid))
    monkeypatch.setattr(stacks, "members", lambda *_: [Member(child.pid, began if same else began - 1)])
    asked = stacks.signal_for_stacks(RunPaths(tmp_path))
    if same:
        assert (asked, child.wait(10)) == ((child.pid,), 3)
    else:
        assert asked == ()
        assert child.poll() is None
