"""The recorder inside a training on a GPU: it never makes a step wait for the device."""

import pytest
from support.fits import Fit, new_run, recorded
from support.gpu_training import STEPS, train

from cockpit.runs.reader import RunReader

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("gpu")]


def waits(text):
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("waits"))


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_no_step_waits_for_the_device_because_of_it(tmp_path, precision):
    bare = Fit(tmp_path / "bare", train, tmp_path, precision)
    assert bare.wait() == 0, bare.text()
    run = new_run(tmp_path / "run")
    watched = recorded(run, train, tmp_path, precision)
    assert watched.wait() == 0, watched.text()
    state = RunReader(run, series=True).poll()
    assert len(state.series["train/loss"].steps) == STEPS
    assert state.grad_norm > 0
    assert waits(watched.text()) == waits(bare.text()), watched.text()


def test_steps_that_the_scaler_skips_are_no_trouble(tmp_path):
    run = new_run(tmp_path / "run")
    fit = recorded(run, train, tmp_path, "16-mixed", 2.0**40)
    assert fit.wait() == 0, fit.text()
    state = RunReader(run, series=True).poll()
    assert state.vitals.conditions.scaler
    assert state.vitals.skipped >= 10
    assert state.vitals.skipped_in_a_row == 0
    assert state.vitals.scale < 2.0**40
    gradients = next(each for each in state.criteria if each.key == "gradients")
    assert gradients.status == "ok", gradients
    assert not state.nonfinite
