"""A real fit in real trouble: named, looked into, replayed to the operation that made it."""

import json

import pytest
from support.processes import wait_until

from cockpit.runs.reader import RunReader

pytestmark = pytest.mark.slow


def ended(run):
    return wait_until(lambda: not (state := RunReader(run).poll()).state.active and state, "its end")


def test_a_nan_is_named_and_replayed_to_its_operation(make_project):
    project = make_project(steps=12, trainer="troubled", nan_at=8, save_every=3)
    run = project.start()
    ended(run)
    judged = project.cockpit("criteria", run.id, "--json", check=False)
    assert judged.returncode == 1
    record = json.loads(judged.stdout)
    assert "not finite since step 8" in record["troubles"][0]["text"]
    assert "step=6.ckpt" in record["troubles"][0]["text"]
    assert {c["key"]: c["status"] for c in record["criteria"]}["gradients"] == "bad"
    asked = project.cockpit("replay", run.id, check=False)
    assert asked.returncode == 3
    assert "step=6.ckpt" in asked.stderr
    project.cockpit("replay", run.id, "--yes")
    state = ended(run)
    assert state.attempt == 2
    assert "PowBackward0' returned nan values" in state.exception
    assert "loss = ((prediction - batch[1]) ** 2).mean()" in run.output.read_text()


def test_the_stacks_of_a_hanging_trainer_come_from_itself(make_project):
    project = make_project(steps=30, trainer="troubled", hang_at=8)
    run = project.start()

    def inside():
        told = project.cockpit("stacks", run.id).stdout
        return "in training_step" in told and told

    told = wait_until(inside, "a stack inside the step")
    assert "File" in told
    assert "in training_step" in run.output.read_text()
    assert RunReader(run).poll().state.active
