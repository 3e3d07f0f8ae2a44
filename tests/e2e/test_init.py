"""What `cockpit init` lays out passes its own test and trains, in a process of its own."""

import json
import subprocess
import sys

import pytest
from support.processes import wait_until
from support.project import COCKPIT

from cockpit.actions.init import init, plan_init
from cockpit.domain.templates import TEMPLATES

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("template", TEMPLATES)
def test_it_passes_its_own_test(tmp_path, template):
    init(plan_init(tmp_path, template))
    own = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(own, cwd=tmp_path, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def cockpit(tmp_path):
    def call(*words):
        done = subprocess.run(
            [COCKPIT, *words], cwd=tmp_path, capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


@pytest.mark.parametrize(
    ("template", "shorter", "steps"), [("lightning", "trainer.max_epochs=2", 16), ("minimal", "epochs=2", 128)]
)
def test_it_starts_and_trains_to_the_end(tmp_path, cockpit, template, shorter, steps):
    cockpit("init", "--template", template, "--yes")
    (config,) = (tmp_path / "configs").iterdir()
    cockpit("start", config.stem, "--set", shorter, "--allow", "start", "--detach")
    state = wait_until(
        lambda: (s := json.loads(cockpit("status", "--json")))["state"] in ("finished", "failed", "killed") and s,
        lambda: cockpit("logs", "latest"),
        seconds=200,
        pause=1,
    )
    assert (state["state"], state["step"]) == ("finished", steps), cockpit("logs", "latest")
    assert state["seed"] == 42
    (run,) = (tmp_path / "runs").glob("2*")
    home = "lightning_logs/version_0" if template == "lightning" else "tensorboard"
    assert list(run.glob(f"{home}/events.out.tfevents.*"))
    checkpoints = json.loads(cockpit("checkpoints", "--json"))
    assert all(one["guarantee"] == "exact" for one in checkpoints)
    assert bool(checkpoints) == (template == "lightning")
    assert not any((tmp_path / name).exists() for name in ("lightning_logs", "logs"))
