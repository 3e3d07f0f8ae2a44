"""The main job on real processes: start, watch, checkpoint, stop, hand off, resume as pasted, finish."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
COCKPIT = str(Path(sys.executable).parent / "cockpit")
DEADLINE = 300.0


def cockpit(folder, *words, check=True, env=None):
    done = subprocess.run(
        [COCKPIT, *words], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=DEADLINE,
        env=env, check=False,
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def status(folder):
    return json.loads(cockpit(folder, "status", "--json").stdout)


def until(folder, condition):
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        state = status(folder)
        if condition(state):
            return state
        time.sleep(0.2)
    raise AssertionError(f"never came: last seen {state}")


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / 'it\'s a $(project) "dir"'
    place.mkdir()
    yield place
    for run in (place / "runs").glob("*"):
        subprocess.run([COCKPIT, "stop", run.name, "--kill", "--yes"], cwd=place, capture_output=True, check=False)


def test_without_permission_nothing_starts(folder):
    done = cockpit(folder, "start", "digits", "--json", check=False)
    assert done.returncode == 3
    facts = json.loads(done.stdout)["facts"]
    assert facts["seed"] == "42"
    assert "trainers fit" in facts["command"]
    assert [path.name for path in (folder / "runs").iterdir()] == ["audit.jsonl"]  # that it was asked is on record


def test_the_main_job(folder):
    sets = ["--set", "trainer.max_epochs=40", "--set", "trainer.val_check_interval=19"]
    started = json.loads(cockpit(folder, "start", "digits", "--allow", "start", "--detach", "--json", *sets).stdout)
    run = Path(started["path"])
    assert run.is_dir()
    until(folder, lambda s: s["state"] == "running" and (s["step"] or 0) > 30)

    assert json.loads(cockpit(folder, "checkpoint", "latest", "--json").stdout)["ok"]
    refused = cockpit(folder, "resume", "latest", "--allow", "resume", check=False)
    assert refused.returncode == 1
    assert "still running" in refused.stderr

    stopped = json.loads(cockpit(folder, "stop", "latest", "--json").stdout)
    assert stopped["state"] == "stopped"
    assert Path(stopped["last_checkpoint"]).name.startswith("stopped-")
    assert (run / "handoff.md").read_text().startswith("## ML SESSION HANDOFF"), "the runner writes one by itself"

    document = cockpit(folder, "handoff").stdout
    block = re.findall(r"```bash\n(.*?)```", document, re.DOTALL)[0]
    pasted = subprocess.run(
        ["bash", "-c", block], cwd="/", capture_output=True, text=True, env={"PATH": os.defpath}, timeout=DEADLINE,
        check=False,
    )  # fmt: skip
    assert pasted.returncode == 0, pasted.stdout + pasted.stderr
    resumed = until(folder, lambda s: s["attempt"] == 2 and (s["step"] or 0) > stopped["step"])
    assert resumed["id"] == started["run"]

    finished = until(folder, lambda s: s["state"] == "finished")
    assert finished["step"] == finished["steps_total"] == 40 * 19
    assert finished["best"]["metric"] == "val/loss"
    listed = json.loads(cockpit(folder, "runs", "--json").stdout)
    assert [r["state"] for r in listed] == ["finished"]
    assert "test/acc" in cockpit(folder, "logs", "latest").stdout


def test_kill_tells_the_truth(folder):
    cockpit(folder, "start", "digits", "--allow", "start", "--detach", "--set", "trainer.max_epochs=500")
    state = until(folder, lambda s: (s["step"] or 0) > 5)
    os.kill(state["pid"], 9)
    dead = until(folder, lambda s: s["state"] == "killed")
    assert "SIGKILL" in dead["evidence"]
    assert dead["exit_signal"] == 9


def test_a_bad_config_is_a_clear_word(folder):
    (folder / "configs").mkdir()
    (folder / "configs" / "broken.yaml").write_text("trainer: [1\n")
    done = cockpit(folder, "start", "broken", "--allow", "start", check=False)
    assert done.returncode == 2
    assert "line 2" in done.stderr
    checked = cockpit(folder, "check", "--json", check=False)
    assert checked.returncode == 1
    assert not json.loads(checked.stdout)["ready"]
