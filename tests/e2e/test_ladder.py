"""Reaching into a real Lightning fit: checkpoint, pause, the ladder of stopping, and every way of being interrupted."""

import json
import signal
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.processes import alive, marked, wait_until
from support.project import trainer_of, unbroken

from cockpit.domain.state import State
from cockpit.runs import requests
from cockpit.runs.journal import JournalTail
from cockpit.runs.reader import RunReader

pytestmark = pytest.mark.slow


def events(run, name):
    return [event for event in JournalTail(run.journal).poll()[0] if event["event"] == name]


def ended(run):
    """The state once the run is over and its runner is through."""
    reader = RunReader(run)
    wait_until(lambda: not reader.poll().state.active, lambda: f"an end: {reader.poll()}")
    pid = next(e["runner_pid"] for e in JournalTail(run.runner_journal).poll()[0] if e["event"] == "launched")
    wait_until(lambda: not alive(pid), "the runner's last words")
    return reader.poll()


def test_checkpoint_pause_continue_stop(make_project):
    project = make_project(trainer="lightning_trainer")
    run = project.start()
    reader = RunReader(run)

    answer = json.loads(project.cockpit("checkpoint", "latest", "--json").stdout)
    saved = run.root / answer["path"]
    assert answer["bytes"] == saved.stat().st_size
    assert answer["seconds"] > 0
    assert answer["verified"]
    assert zipfile.ZipFile(saved).testzip() is None

    pair = [requests.send(run, "pause"), requests.send(run, "pause")]
    state = wait_until(lambda: (s := reader.poll()).state is State.PAUSED and s, lambda: reader.poll().evidence)
    assert "memory stays held" in state.evidence
    assert sorted(e["request"] for e in events(run, "ack") if e["verb"] == "pause") == sorted(r.id for r in pair)
    later = wait_until(lambda: (s := reader.poll()).updated > state.updated + 1.5 and s, "time to pass")
    assert later.step == state.step
    assert later.active_seconds - state.active_seconds < 0.2, "the clock stands still"
    assert later.eta == state.eta

    project.cockpit("continue", "latest")
    state = project.steps_on(run)
    assert state.state is State.RUNNING, "two pauses need one continue"
    assert state.eta.seconds < 2 * later.eta.seconds

    pair = [requests.send(run, "stop"), requests.send(run, "stop")]
    state = ended(run)
    assert state.state is State.STOPPED
    assert sorted(e["request"] for e in events(run, "ack") if e["verb"] == "stop") == sorted(r.id for r in pair)
    assert len([e for e in events(run, "checkpoint") if e["kind"] == "stopped"]) == 1
    assert marked(project.folder) == [], "nothing of it remains"
    assert unbroken(run) == state.step
    assert "ML SESSION HANDOFF" in run.handoff_md.read_text()


@pytest.fixture
def interrupted(make_project):
    """Real fits that were sent a signal each; their states by its name."""
    project = make_project(trainer="lightning_trainer")
    runs = {}
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGKILL)
    with ThreadPoolExecutor() as pool:
        for number, run in zip(numbers, pool.map(lambda _: project.start(SLURM_JOB_ID="4711"), numbers), strict=True):
            runs[number] = run
    for number, run in runs.items():
        trainer_of(run).send_signal(number)
    return {number: (run, ended(run)) for number, run in runs.items()}


def test_whatever_interrupts_it_a_checkpoint_and_a_handoff_remain(interrupted):
    for number, (run, state) in interrupted.items():
        assert "ML SESSION HANDOFF" in run.handoff_md.read_text()
        if number == signal.SIGKILL:
            assert (state.state, state.exit_signal) == (State.KILLED, number)
            continue
        assert state.state is State.STOPPED, state.evidence
        assert f"signal {number:d} at step" in state.evidence
        (checkpoint,) = (c for c in state.checkpoints if "interrupted" in c.roles)
        assert checkpoint.step == state.step
        assert checkpoint.path in run.handoff_md.read_text()


def test_an_exception_is_told_and_handed_over(make_project):
    project = make_project(trainer="lightning_trainer", raise_at=12)
    project.cockpit("start", "tiny", "--allow", "start", "--detach")
    run = project.run()
    state = ended(run)
    assert (state.state, state.step) == (State.FAILED, 12)
    assert state.evidence == "ValueError: the data are cursed"
    assert "the data are cursed" in state.exception
    assert "the data are cursed" in run.handoff_md.read_text()
    window = project.window()
    window.wait_for("FAILED")
    window.wait_for("the data are cursed")


def test_the_lower_rungs(make_project):
    project = make_project(trainer="lightning_trainer")
    runs = [project.start(), project.start()]
    for run, rung in zip(runs, ("--terminate", "--kill"), strict=True):
        project.cockpit("stop", run.id, rung, "--yes")
    terminated, killed = ended(runs[0]), ended(runs[1])
    assert terminated.state is State.STOPPED
    assert any("interrupted" in c.roles for c in terminated.checkpoints)
    assert killed.state is State.KILLED
    assert "sent by" in killed.evidence
    assert marked(project.folder) == []


def test_a_request_during_a_validation_is_answered_after_it(make_project):
    project = make_project(trainer="lightning_trainer", validate_every=10, validation=3.0)
    run = project.start()
    wait_until(lambda: RunReader(run).poll().state is State.VALIDATING, "a validation")
    refused = project.cockpit("checkpoint", "latest", "--wait", "0.5", check=False)
    assert refused.returncode == 1
    assert "inside a validation" in refused.stderr
    answered = wait_until(lambda: events(run, "ack"), "the acknowledgement")
    assert [e["ok"] for e in answered] == [True]


def test_a_deaf_trainer_is_told_of(make_project):
    project = make_project(deaf=True)
    run = project.start()
    refused = project.cockpit("stop", "latest", "--wait", "0.5", check=False)
    assert refused.returncode == 1
    assert "Not acknowledged" in refused.stderr
    later = RunReader(run, clock=lambda: time.time() + 25).poll()
    assert later.state is State.STOPPING
    assert "not acknowledged for 25" in later.evidence
