"""Two at once on one run directory: one wins, the other leaves with a clear word."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import trainer_pairs
from support.processes import DEADLINE, alive, wait_until
from support.project import trainer_of

from cockpit.errors import EXIT_RUN_IN_USE, RunInUse
from cockpit.runner.attempt import LaunchSpec
from cockpit.runner.launch import Launched, launch
from cockpit.runs.journal import JournalTail
from cockpit.runs.reader import RunReader

pytestmark = pytest.mark.slow


def test_two_trainers(tmp_path, loops):
    count = loops(5, 50)
    done = subprocess.run(
        [sys.executable, trainer_pairs.__file__, tmp_path, str(count)], capture_output=True, text=True,
        cwd=tmp_path, timeout=DEADLINE + 10 * count, check=True,
    )  # fmt: skip
    assert done.stdout.split("\n")[:-1] == [f"2 {EXIT_RUN_IN_USE} 0"] * count
    assert done.stderr.count("another trainer holds") == count
    for number in range(count):
        events, _ = JournalTail(tmp_path / str(number) / "journal.jsonl").poll()
        assert [e["event"] for e in events].count("attach") == 1, "the one that lost has written nothing"


@pytest.fixture
def stopped(project):
    """A run that has ended and can be started again."""
    run = project.start()
    project.cockpit("stop", "latest")
    return run


def test_two_launches(project, stopped, loops):
    run, spec = (
        stopped,
        LaunchSpec(stopped, (sys.executable, "-c", "import time; time.sleep(600)"), str(project.folder)),
    )
    barrier = threading.Barrier(2)

    def start():
        barrier.wait()
        try:
            return launch(spec)
        except RunInUse as refused:
            return refused

    for _ in range(loops(5, 50)):
        with ThreadPoolExecutor(2) as pool:
            one, other = (future.result() for future in [pool.submit(start), pool.submit(start)])
        won, lost = (one, other) if isinstance(one, Launched) else (other, one)
        assert isinstance(won, Launched)
        assert isinstance(lost, RunInUse)
        assert lost.exit_code == EXIT_RUN_IN_USE
        assert "already has a runner" in lost.message
        assert alive(won.pid)
        trainer = trainer_of(run)
        assert trainer.pid == won.pid
        trainer.kill()
        wait_until(lambda: not alive(won.runner_pid), "the runner's last words")  # noqa: B023
    assert RunReader(run).poll().bad_records == 0
