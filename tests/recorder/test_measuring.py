"""When a dry run has measured enough."""

import json

import pytest
import torch

from cockpit.recorder import measuring as module
from cockpit.recorder.measuring import STEPS, WARM_UP, Measuring


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(module, "synchronise", lambda device: None)
    return now


def steps_until_enough(measuring, clock, pace):
    for step in range(1, 10_000):
        clock[0] += pace
        measuring.step(step)
        if measuring.enough():
            return step
        measuring.rest()
    return None


def test_on_a_processor_twenty_steps_tell_the_pace(tmp_path, clock):
    measuring = Measuring(tmp_path)
    measuring.begin(0, torch.device("cpu"))
    assert steps_until_enough(measuring, clock, 0.01) == WARM_UP + STEPS


@pytest.mark.parametrize(("pace", "steps"), [(0.01, WARM_UP + 300), (1.0, WARM_UP + STEPS)])
def test_a_gpu_is_measured_until_its_power_has_settled(tmp_path, clock, pace, steps):
    measuring = Measuring(tmp_path)
    measuring.begin(0, torch.device("cuda"))
    assert steps_until_enough(measuring, clock, pace) == pytest.approx(steps, abs=1)


def test_no_more_steps_are_told_than_were_announced(tmp_path):
    measuring = Measuring(tmp_path)
    measuring.say("measuring", 300)
    told = json.loads(measuring.paths.progress.read_text())
    assert (told["step"], told["of"]) == (WARM_UP + STEPS, WARM_UP + STEPS)
