"""A child that takes data without asking: it is held, told of, let go on or ended, with and without its runner."""

import json
import os
import signal

import psutil
import pytest
from support.processes import alive, wait_until
from support.project import START
from support.server import Served, serving

from cockpit.domain.state import State
from cockpit.runs.journal import JournalTail
from cockpit.runs.reader import RunReader

pytestmark = pytest.mark.slow
MB = 1_000_000
SETTINGS = f"[guard]\ngrowth_bytes = {MB}\n"


def events(run, name):
    return [event for event in JournalTail(run.runner_journal).poll()[0] if event["event"] == name]


def stopped(pid):
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED


@pytest.fixture
def begin(make_project):
    """Starts a project whose trainer takes data at its third step."""

    def make(settings=SETTINGS, **fake):
        project = make_project(**fake)
        (project.folder / "cockpit.toml").write_text(settings)
        project.cockpit(*START, "--detach")
        return project, project.run()

    return make


def held(run):
    reader = RunReader(run)
    return wait_until(lambda: (s := reader.poll()).growth and s, lambda: f"it to be held: {reader.poll()}")


def test_it_is_held_with_all_its_processes_and_goes_on_by_a_yes(begin):
    project, run = begin(grow=3 * MB)
    state = held(run)
    assert (state.state, state.evidence) == (State.PAUSED, "held: data grew by 2.9 MiB without permission")
    (event,) = events(run, "growth")
    assert (event["bytes"], event["limit"], event["folders"]["data"]) == (3 * MB, MB, 3 * MB)
    assert event["wrote"] >= 3 * MB
    family = [psutil.Process(state.pid), *psutil.Process(state.pid).children()]
    assert len(family) == 2
    wait_until(lambda: all(stopped(process.pid) for process in family), "all to be suspended")

    asked = project.cockpit("continue", "latest", "--json", check=False)
    assert asked.returncode == 3
    facts = json.loads(asked.stdout)["facts"]
    assert facts["grew"] == "data by 2.9 MiB"
    assert facts["may add"].startswith("2.9 MiB")
    assert RunReader(run).poll().growth

    project.cockpit("continue", "latest", "--yes")
    project.steps_on(run)
    assert not any(stopped(process.pid) for process in family)
    (over,) = wait_until(lambda: events(run, "growth_over"), "the runner to see it")
    assert over["by"]
    assert RunReader(run).poll().growth is None
    audit = project.cockpit("audit").stdout
    assert "download" in audit
    assert "yes (--yes)" in audit


def test_it_goes_on_without_its_runner(begin):
    project, run = begin(grow=3 * MB)
    state = held(run)
    runner = events(run, "launched")[0]["runner_pid"]
    os.kill(runner, signal.SIGKILL)
    wait_until(lambda: not alive(runner), "the runner's end")
    assert RunReader(run).poll().evidence == state.evidence
    project.cockpit("continue", "latest", "--allow", "download")
    project.steps_on(run)


def test_it_can_be_ended_while_it_is_held(begin):
    project, run = begin(grow=3 * MB)
    held(run)
    refused = project.cockpit("stop", "latest", check=False)
    assert (refused.returncode, "terminate reaches it" in refused.stderr) == (1, True)
    project.cockpit("stop", "latest", "--terminate", "--yes")
    assert RunReader(run).poll().state is State.STOPPED
    assert RunReader(run).poll().growth is None


def test_large_is_typed(begin):
    project, run = begin(SETTINGS + "light_bytes = 1000\n", grow=3 * MB)
    held(run)
    assert project.cockpit("continue", "latest", "--yes", check=False).returncode == 3


def test_what_a_person_fetches_meanwhile_is_left_out(begin):
    with serving() as server:
        server.files["/corpus.bin"] = Served(os.urandom(4 * MB))
        settings = SETTINGS + f'[sources.corpus]\nurl = "{server.url}/corpus.bin"\n'
        project, run = begin(settings)
        project.steps_on(run)
        project.cockpit("fetch", "corpus", "--yes")
        trained = RunReader(run).poll().step
        project.steps_on(run, more=200)
        assert events(run, "growth") == []
        assert RunReader(run).poll().step > trained


def test_a_child_that_pulls_by_itself_is_held(begin):
    """The attack: neither the hub's library nor a variable stops a plain request."""
    with serving() as server:
        server.files["/org/name"] = Served(os.urandom(2 * MB))
        _, run = begin(pull=f"{server.url}/org/name")
        assert held(run).evidence == "held: data grew by 1.9 MiB without permission"


def test_a_child_cannot_let_itself_go_on(begin):
    project, run = begin(grow=3 * MB)
    held(run)
    refused = project.cockpit("continue", "latest", "--allow", "download", check=False, COCKPIT_RUN_DIR="/another/run")
    assert (refused.returncode, "inside a run" in refused.stderr) == (1, True)
