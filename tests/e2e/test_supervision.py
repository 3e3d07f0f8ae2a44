"""Runner, trainer and cockpits die or meet: each state is told as far as it can be known."""

import pytest
from support.processes import alive, wait_until
from support.project import step_shown, trainer_of, unbroken

from cockpit.domain.state import State
from cockpit.runs.reader import RunReader

pytestmark = pytest.mark.slow


def kill_runner(run):
    runner = trainer_of(run).parent()
    runner.kill()
    wait_until(lambda: not alive(runner.pid), "the runner's end")


def ended(run):
    """The state once the run is over."""
    reader = RunReader(run)
    return wait_until(lambda: not (state := reader.poll()).state.active and state, lambda: f"an end: {reader.poll()}")


def test_without_its_runner_training_goes_on_and_says_so(project):
    run = project.start()
    window = project.window()
    step = step_shown(window)
    kill_runner(run)
    window.wait_for("(?i)unsupervised")
    state = project.steps_on(run)
    assert state.state is State.RUNNING
    assert not state.supervised
    step_shown(window, step + 1)

    project.cockpit("stop", "latest", "--json")
    state = ended(run)
    assert state.state is State.STOPPED, "told by the trainer's own journal"
    window.wait_for("STOPPED")
    assert unbroken(run) == state.step


def test_an_end_that_nobody_saw_is_unknown(project):
    run = project.start()
    kill_runner(run)
    trainer_of(run).kill()
    state = ended(run)
    assert state.state is State.UNKNOWN
    assert "not recorded" in state.evidence
    assert project.cockpit("runs").stdout.split()[0] == "?"


def test_a_run_without_runner_can_be_resumed_once_it_has_ended(project):
    run = project.start()
    project.cockpit("checkpoint", "latest")
    kill_runner(run)
    refused = project.cockpit("resume", "latest", "--allow", "resume", "--detach", check=False)
    assert refused.returncode == 1
    trainer_of(run).kill()
    before = ended(run).step
    project.cockpit("resume", "latest", "--allow", "resume", "--detach")
    state = wait_until(lambda: (s := RunReader(run).poll()).attempt == 2 and (s.step or 0) > before and s, "steps")
    assert state.state is State.RUNNING
    assert state.supervised
    assert unbroken(run) >= state.step


def test_two_cockpits_agree(project):
    run = project.start()
    windows = [project.window(), project.window(size=(100, 30))]
    for window in windows:
        window.wait_for("RUNNING")
    trainer_of(run).kill()
    ended(run)
    wait_until(lambda: all(w.shows("KILLED") for w in windows), "both to say so")
