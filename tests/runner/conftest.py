"""Runs on real processes: tiny scripts as trainers, all of them ended when the test is over."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from support import processes
from support.processes import wait_until

from cockpit.domain.run import Launch
from cockpit.runner.attempt import LaunchSpec
from cockpit.runner.launch import launch
from cockpit.runner.tmpdir import clear_tmpdir
from cockpit.runs.journal import JournalTail
from cockpit.runs.layout import ENV_RUN_DIR, RunPaths
from cockpit.runs.record import create_run


@pytest.fixture
def wait_for():
    return lambda condition, what="the condition": wait_until(condition, what, pause=0.01)


@pytest.fixture
def alive():
    return processes.alive


class Run:
    """A run directory, with what the tests do to it."""

    def __init__(self, paths: RunPaths, folder: Path):
        self.paths, self.folder = paths, folder

    def spec(self, code, **changes):
        """A trainer that is a few lines of Python."""
        values = {"run": self.paths, "argv": (sys.executable, "-c", code), "cwd": str(self.folder)}
        return LaunchSpec(**values | changes)

    def start(self, code, **changes):
        return launch(self.spec(code, **changes))

    def finish(self, code, **changes):
        """Start it and wait until the runner has said and done everything."""
        launched = self.start(code, **changes)
        wait_until(lambda: not processes.alive(launched.runner_pid), "the runner's end")
        return launched

    def events(self, name):
        return [e for e in JournalTail(self.paths.runner_journal).poll()[0] if e["event"] == name]

    def event(self, name):
        """The one event of that name, once it is there."""
        found = wait_until(lambda: self.events(name), f"the event {name}")
        assert len(found) == 1
        return found[0]

    def output(self):
        return self.paths.output.read_text()

    def processes(self):
        """Every process that works for this run."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                named = str(self.paths.root) in process.cmdline()
                marked = process.environ().get(ENV_RUN_DIR) == str(self.paths.root)
                if process.pid != os.getpid() and (named or marked) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found


@pytest.fixture
def make_run(tmp_path):
    """Makes runs; whatever still works for them at the end is killed."""
    made = []

    def make(name="2026-11-22T1830-tiny-7f3a", folder=tmp_path):
        record = Launch(
            id=name, name="tiny", created=time.time(), project=str(tmp_path), argv=("python", "train.py"),
            command="python train.py", config="", seed=1, host=os.uname().nodename, boot_id="",
            python=sys.executable, environment={}, cuda_visible_devices=None, git_commit=None, git_dirty=None,
            git_diff="", tracker="none",
        )  # fmt: skip
        made.append(Run(create_run(folder / "runs", record, b"seed: 1\n"), tmp_path))
        return made[-1]

    yield make
    for run in made:
        for process in run.processes():
            with suppress(psutil.Error):
                process.kill()
        wait_until(lambda run=run: run.processes() == [], "everything to be ended")
        clear_tmpdir(run.paths)


@pytest.fixture
def run(make_run):
    return make_run()
