"""Five shapes of other people's projects: launched, shown, stopped, resumed and handed off, not one line changed."""

import json
import re
import sys
from pathlib import Path

import pytest
from support.processes import wait_until
from support.project import Place

from cockpit.domain.state import State
from cockpit.runs.journal import JournalTail
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader

SCRIPTS = Path(__file__).parent.parent / "support" / "foreign"
TRANSFORMERS = (
    "--output_dir", "out", "--max_steps", "100000", "--eval_strategy", "steps", "--eval_steps", "20",
    "--save_steps", "5000", "--save_total_limit", "2", "--report_to", "none", "--use_cpu", "true",
    "--disable_tqdm", "true", "--per_device_train_batch_size", "2",
)  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "some body's project")
    yield made
    made.close()


def bring(place, script, first=""):
    place.folder.joinpath("train.py").write_text(f"{first}{(SCRIPTS / f'{script}.py').read_text()}")


def launch(place, *words, **environment):
    done = place.cockpit("run", "--allow", "start", "--detach", "--json", "--", *words, **environment)
    return RunPaths(Path(json.loads(done.stdout)["path"]))


def validated(run):
    """The metrics of every validation."""
    return [event["metrics"] for event in JournalTail(run.journal).poll()[0] if event["event"] == "validation_end"]


def blocks(run):
    """The recovery blocks of its handoff: with cockpit, then without."""
    return re.findall(r"^```bash\n(.*?)^```$", run.handoff_md.read_text(), flags=re.M | re.S)


@pytest.mark.parametrize("script", ["lightning_script", "pytorch_lightning_script", "transformers_script"])
def test_a_script_is_recorded_stopped_and_resumed_by_its_handoff(place, script):
    if script.startswith("transformers"):
        pytest.importorskip("transformers", reason="transformers is not installed: extra [finetune]")
    bring(place, script, "import ours\n")
    (place.folder / "our src").mkdir()
    (place.folder / "our src" / "ours.py").touch()
    around = {"PYTHONPATH": "our src"}  # which no bare shell has that the handoff is pasted into
    words = (sys.executable, "train.py", *(TRANSFORMERS if script.startswith("transformers") else ()))
    refused = place.cockpit("run", "--json", "--", *words, check=False, **around)
    assert refused.returncode == 3
    facts = json.loads(refused.stdout)["facts"]
    assert "train.py" in facts["command"]
    assert facts["takes"].startswith("not measured")
    measured = json.loads(place.cockpit("estimate", "--json", "--", *words, **around).stdout)
    assert measured["seconds"]["likely"] > 10
    assert not {path.name for path in place.folder.iterdir()} - {"train.py", "our src", "runs"}
    run = launch(place, *words, **around)
    state = place.steps_on(run, 25)
    assert state.loss_train is not None
    assert wait_until(lambda: RunReader(run).poll().loss_val, "a validation") is not None
    weighed = json.loads(place.cockpit("weights", run.id, "--json").stdout)
    assert weighed["step"] > 25
    assert {layer["verdict"] for layer in weighed["layers"]} <= {"", "too high", "too low", "–"}
    assert weighed["layers"][0]["ratio"] > 0
    assert weighed["layers"][0]["name"] in place.cockpit("weights", run.id).stdout
    if script.startswith("transformers"):
        refused = place.cockpit("modify", run.id, "max_steps=200000", check=False)
        assert "its loop was made for epochs that end at step 100,000" in refused.stderr
        asked = json.loads(place.cockpit("modify", run.id, "lr=x0.5", "--json", check=False).stdout)["facts"]
        assert asked["schedule"] == "LambdaLR goes on in its shape, all its rates in proportion"
    changed = json.loads(place.cockpit("modify", run.id, "lr=x0.5", "--allow", "modify", "--json").stdout)
    told = changed["detail"].partition(": ")[2]
    assert (changed["ok"], told[:3]) == (True, "lr ")
    stopped = json.loads(place.cockpit("stop", run.id, "--json").stdout)
    assert stopped["state"] == "stopped"
    assert "layer by layer: step" in run.handoff_md.read_text()
    assert told in run.handoff_md.read_text()
    saved = RunReader(run).poll().step
    asked = json.loads(place.cockpit("resume", run.id, "--json", check=False).stdout)["facts"]
    assert asked["measured"] == measured["facts"]["measured"]
    assert told in asked["set again"]
    first = str(run.root / changed["path"])
    before = json.loads(place.cockpit("resume", run.id, "--from", first, "--json", check=False).stdout)["facts"]
    assert told in before["left behind"]
    with_cockpit, without = blocks(run)
    assert f"resume {run.id}" in with_cockpit
    assert "train.py" in without
    place.paste(with_cockpit)
    going_on = wait_until(
        lambda: (s := RunReader(run).poll()).attempt == 2 and (s.step or 0) > saved and s, "the second attempt"
    )
    assert going_on.state.active
    assert [mark.in_force for mark in going_on.marks] == [True]
    assert json.loads(place.cockpit("stop", run.id, "--json").stdout)["step"] > saved
    steps = RunReader(run, series=True).poll().series["train/loss"].steps.tolist()
    assert steps == list(range(1, len(steps) + 1))  # one unbroken curve over both attempts


def test_a_lightning_cli_project_is_started_by_its_configs(place):
    bring(place, "cli_script")
    (place.folder / "configs").mkdir()
    (place.folder / "configs" / "small.yaml").write_text(
        "seed_everything: 1\ntrainer:\n  max_epochs: 10000\n  accelerator: cpu\nmodel:\n  lr: 0.01\n"
    )
    facts = json.loads(place.cockpit("start", "small", "--json", check=False).stdout)["facts"]
    assert "train.py fit --config" in facts["command"]
    done = place.cockpit("start", "small", "--set", "model.lr=0.02", "--allow", "start", "--detach", "--json")
    run = RunPaths(Path(json.loads(done.stdout)["path"]))
    assert place.steps_on(run, 25).learning_rate == pytest.approx(0.02)
    best = wait_until(lambda: RunReader(run).poll().best, "a validation")
    assert best.metric == "loss/val"
    assert all("loss/train" not in told for told in validated(run))  # it is no metric of validations
    assert json.loads(place.cockpit("stop", run.id, "--json").stdout)["state"] == "stopped"
    place.paste(blocks(run)[0])
    wait_until(lambda: RunReader(run).poll().attempt == 2, "the second attempt")
    place.steps_on(run)


def test_a_bare_loop_is_recorded_by_what_it_writes_anyway(place):
    bring(place, "loop_script")
    run = launch(place, sys.executable, "train.py")
    state = place.steps_on(run, 25)
    assert (state.state, state.loss_train is not None, state.loss_val is not None) == (State.RUNNING, True, True)
    assert list((place.folder / "logs").glob("events.out.tfevents*"))  # its own files are as ever
    assert [tracker.place for tracker in state.trackers] == [str(place.folder / "logs")]
    refused = place.cockpit("checkpoint", run.id, "--json", check=False)
    assert (refused.returncode, json.loads(refused.stdout)["error"]) == (1, "Cannot checkpoint")
    assert place.cockpit("stop", run.id, check=False).returncode == 1  # only by a signal
    done = place.cockpit("stop", run.id, "--terminate", "--yes", "--json")
    assert json.loads(done.stdout)["state"] == "killed"
    assert "by its own command" in run.handoff_md.read_text()


EMITTING = """\
import time
from cockpit import emit
for step in range(100_000):
    emit(step, loss=1.0)
    time.sleep(0.01)
"""


def test_an_environment_without_cockpit_is_recorded_by_this_one(place):
    (place.folder / "train.py").write_text(EMITTING)
    base = Path(sys.base_prefix) / "bin" / "python3"
    if not base.exists():
        pytest.skip("there is no second Python here")
    run = launch(place, str(base), "train.py")
    assert place.steps_on(run, 10).loss_train == 1.0
