"""A cockpit that only looks: every acting key does nothing, every acting command is refused."""

import re

import pytest
from support.processes import wait_until

from cockpit.runs.reader import RunReader
from cockpit.runs.requests import pending
from cockpit.tui.keys import KEYS

pytestmark = pytest.mark.slow


@pytest.fixture
def training(project):
    return project, project.start()


def test_keys_that_act_are_not_there(training):
    project, run = training
    before = sorted(path.name for path in run.root.rglob("*"))
    window = project.window("--read-only")
    window.wait_for(r"read-only[\s\S]*RUNNING")
    assert not window.shows(r" start  |checkpoint  r resume")
    for key in [key for key in KEYS if key.acts]:
        window.press(key.key)
    window.press("?")
    window.wait_for("Keys")
    assert not window.shows("trash|ladder")
    window.press("\x1b")
    project.steps_on(run, 10)
    assert pending(run, ()) == []
    window.press("q")
    wait_until(lambda: window.process.poll() is not None, "the cockpit to close")
    added = {path.name for path in run.root.rglob("*")} - set(before)
    assert not {name for name in added if re.match(r"handoff|request|stopped", name)}


@pytest.mark.parametrize(
    "words",
    [("start", "tiny"), ("stop", "latest"), ("resume", "latest"), ("delete", "latest"), ("checkpoint", "latest"),
     ("pause", "latest"), ("trash", "purge"), ("fetch", "x"), ("handoff",), ("keys", "X", "test"), ("demo",)],
    ids=lambda words: words[0],
)  # fmt: skip
def test_commands_that_act_are_refused(training, words):
    project, run = training
    done = project.cockpit("--read-only", *words, check=False)
    assert (done.returncode, "only looks" in done.stderr) == (1, True)
    assert RunReader(run).poll().state.active


def test_looking_works(training):
    project, _ = training
    for words in (("runs",), ("status",), ("checkpoints",), ("logs", "latest", "-n", "1"), ("config",), ("audit",)):
        project.cockpit("--read-only", *words)
