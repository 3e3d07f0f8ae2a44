"""A config of LLaMA-Factory: recognised, launched by its own command, stopped, resumed.

The package wants older transformers and peft than ours, so a command that does the same stands in for it.
"""

import json
import sys
from pathlib import Path

import pytest
from support.processes import wait_until
from support.project import Place

from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.sources.source import Found
from cockpit.sources.trainer_log import TrainerLog

pytest.importorskip("transformers")
pytestmark = pytest.mark.slow
FAKE = Path(__file__).parent.parent / "support" / "foreign" / "llamafactory_cli.py"
CONFIG = """\
model_name_or_path: somebody/a-model
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 8
dataset: identity
template: llama3
cutoff_len: 2048
output_dir: saves/lora
max_steps: 100000
logging_steps: 5
save_steps: 20
save_total_limit: 3
per_device_train_batch_size: 2
learning_rate: 1.0e-4
use_cpu: true
"""


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "project")
    (made.folder / "lora.yaml").write_text(CONFIG)
    yield made
    made.close()


def install(place):
    command = place.folder / "bin" / "llamafactory-cli"
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\n{FAKE.read_text()}")
    command.chmod(0o755)
    place.environment["PATH"] = f"{command.parent}:{place.environment['PATH']}"


def test_without_the_package_it_says_what_to_do(place):
    place.environment["PATH"] = "/usr/bin:/bin"
    refused = place.cockpit("start", "lora", "--allow", "start", check=False)
    assert refused.returncode != 0
    assert "llamafactory-cli is not in this environment" in refused.stderr
    assert not list(place.folder.glob("runs/2*"))


def test_it_is_trained_followed_stopped_and_resumed(place):
    install(place)
    shown = json.loads(place.cockpit("start", "lora", "--json", check=False).stdout)["facts"]
    assert shown["model"] == "somebody/a-model"
    assert "llamafactory-cli train" in shown["command"]
    done = place.cockpit("start", "lora", "--allow", "start", "--detach", "--json")
    run = RunPaths(Path(json.loads(done.stdout)["path"]))
    state = place.steps_on(run, 25)
    assert (state.steps_total, state.loss_train is not None) == (100_000, True)
    log = place.folder / "saves" / "lora" / "trainer_log.jsonl"
    (found,) = TrainerLog().runs(log)
    assert found == Found(log)
    assert wait_until(lambda: TrainerLog().open(found).poll().told.step, "a line of its log") % 5 == 0

    stopped = json.loads(place.cockpit("stop", run.id, "--json").stdout)
    assert stopped["state"] == "stopped"
    saved = RunReader(run).poll()
    assert Path(saved.last_checkpoint) == place.folder / "saves" / "lora" / f"checkpoint-{saved.step}"
    listed = place.cockpit("checkpoints", run.id).stdout
    assert f"checkpoint-{saved.step}" in listed
    assert "resume_from_checkpoint=" in run.handoff_md.read_text()

    place.cockpit("resume", run.id, "--allow", "resume", "--detach")
    going_on = wait_until(
        lambda: (s := RunReader(run).poll()).attempt == 2 and (s.step or 0) > saved.step and s, "the second attempt"
    )
    assert going_on.state.active
    assert json.loads(place.cockpit("stop", run.id, "--json").stdout)["step"] > saved.step
