"""Real scripts measured for real: whatever they mean to do after their first steps, it does not happen."""

import json
import sys
from pathlib import Path

import pytest
from support.processes import marked

from cockpit.actions.estimate import EstimateFailed, estimate_script
from cockpit.domain.estimate import Saver
from cockpit.project import Project
from cockpit.runs.layout import ESTIMATES

SCRIPTS = Path(__file__).parent.parent / "support" / "foreign"
TRAIN = (sys.executable, "train.py")

pytestmark = pytest.mark.slow


@pytest.fixture
def project(outside, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return Project(outside)


def measure(project, words):
    return estimate_script(project, words, project.root).found


def nothing_left(project):
    return not marked(project.root) and not list((project.runs_folder / ESTIMATES).glob("*"))


def bring(project, script):
    (project.root / "train.py").write_text((SCRIPTS / f"{script}.py").read_text())
    return TRAIN


def files(project):
    """Everything in the project but what was measured."""
    estimates = project.runs_folder / ESTIMATES
    return {
        str(path.relative_to(project.root))
        for path in project.root.rglob("*")
        if path.is_file() and path.parent != estimates
    } | {str(path.relative_to(project.root)) for path in project.root.iterdir()} - {"runs"}


@pytest.mark.parametrize("words", [(), ("--devices", "2")], ids=["one process", "two"])
def test_a_lightning_script_never_comes_to_its_last_words(project, words):
    found = measure(project, (*bring(project, "stubborn_script"), *words))
    processes = 2 if words else 1
    assert (found.world_size, found.steps_total, found.left_out) == (processes, 100 // processes, "")
    assert (found.validate_every, found.validation_batches) == (20 // processes, 4 // processes)
    assert found.savers == (Saver(1, None),)
    assert found.checkpoint_bytes > 1000
    assert files(project) == {"train.py", "before.json"}
    before = json.loads((project.root / "before.json").read_text())
    assert before["offline"] == "1"
    assert not Path(before["tmp"]).exists()
    assert not marked(project.root)


@pytest.mark.parametrize(
    "words", [(), ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")], ids=["one process", "two"]
)
def test_a_transformers_script_never_comes_to_its_last_words(project, words):
    pytest.importorskip("transformers", reason="transformers is not installed: extra [finetune]")
    python, script = bring(project, "stubborn_transformers")
    found = measure(project, (python, *words, script))
    processes = 2 if words else 1
    assert (found.world_size, found.steps_total, found.validate_every) == (processes, 90, 30)
    assert found.validation_batches == 2 // processes
    assert len(found.step_seconds) == 20
    assert found.savers == (Saver(40, 3),)
    assert found.checkpoint_bytes > 10_000
    assert found.left_out == "the metrics of its evaluations"
    assert files(project) == {"train.py", "before.json"}
    assert not marked(project.root)


@pytest.mark.parametrize("script", ["stubborn_script", "stubborn_transformers"])
def test_an_exception_is_nobody_elses_either(project, script):
    if script.endswith("transformers"):
        pytest.importorskip("transformers", reason="transformers is not installed: extra [finetune]")
    with pytest.raises(EstimateFailed, match="ValueError: the data are cursed"):
        measure(project, (*bring(project, script), "--raise-at", "4"))
    assert files(project) == {"train.py", "before.json"}
    assert nothing_left(project)


def test_a_loop_of_its_own_ends_before_its_first_step(project):
    words = bring(project, "loop_script")
    (project.root / "train.py").write_text(
        (project.root / "train.py")
        .read_text()
        .replace("optimizer.step()\n", "optimizer.step(); open('stepped', 'w')\n")
    )
    with pytest.raises(EstimateFailed, match="No Trainer appeared: it trains by a loop of its own"):
        measure(project, words)
    assert not (project.root / "stepped").exists()
    assert nothing_left(project)


TUNED = """\
from lightning.pytorch import Trainer
from lightning.pytorch.demos.boring_classes import BoringModel, RandomDataset
from lightning.pytorch.tuner import Tuner
import torch
class Net(BoringModel):
    lr = 0.1
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.lr)
trainer, data = Trainer(max_epochs=3, accelerator="cpu"), torch.utils.data.DataLoader(RandomDataset(32, 64))
Tuner(trainer).lr_find(model := Net(), data, num_training=30)
trainer.fit(model, data)
"""


def test_the_steps_of_a_tuner_are_not_the_training(project):
    (project.root / "train.py").write_text(TUNED)
    found = measure(project, TRAIN)
    assert (found.steps_total, found.validate_every, found.validation_batches) == (192, 64, 64)
    assert files(project) == {"train.py"}


def test_an_environment_without_cockpit_is_measured_by_this_one(project, monkeypatch):
    import lightning

    base = Path(sys.base_prefix) / "bin" / "python3"
    if not base.exists():
        pytest.skip("there is no second Python here")
    # packages without their .pth files: ours is not among them
    monkeypatch.setenv("PYTHONPATH", str(Path(lightning.__file__).parent.parent))
    bring(project, "pytorch_lightning_script")
    found = measure(project, (str(base), "train.py", "--epochs", "3"))
    assert found.steps_total == 60
    assert files(project) == {"train.py"}
