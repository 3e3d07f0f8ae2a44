"""Foreign projects, as people have them, and folders that are hostile."""

import os

import pytest

from cockpit.probes.gpu import GpuReport
from cockpit.probes.shape import imported, logs
from cockpit.project import Project
from cockpit.project.gathering import gather

SHAPES = {
    "lightning script": ({"train.py": "import lightning as L\n"}, ("Lightning",)),
    "old name": ({"main.py": "import os, torch\nfrom pytorch_lightning import Trainer\n"}, ("Lightning", "PyTorch")),
    "LightningCLI project": ({"config.yaml": "trainer: {}\nmodel: {class_path: a.B}\n"}, ("Lightning", "PyTorch")),
    "transformers script": ({"requirements.txt": "transformers\ntorch\n"}, ("transformers", "PyTorch")),
    "LLaMA-Factory": ({"configs/sft.yaml": "model_name_or_path: x\nstage: sft\n"}, ("transformers", "PyTorch")),
    "bare loop": ({"train.py": "  import torch.nn as nn, numpy\n", "runs/a/events.out.tfevents.1.x": ""}, ("PyTorch",)),
    "TensorFlow": ({"environment.yml": "dependencies: [tensorflow=2.15]\n"}, ("TensorFlow",)),
    "logs alone": ({"lightning_logs/version_0/hparams.yaml": ""}, ()),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_a_foreign_project_is_recognised(tmp_path, name):
    files, frameworks = SHAPES[name]
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    facts = gather(Project(tmp_path), GpuReport())
    assert facts.shape.frameworks == frameworks
    assert facts.shape.marks
    assert facts.shape.only_watched == (name == "TensorFlow")
    assert ("tensorflow" in facts.packages) == (name == "TensorFlow")


def test_the_usual_places(tmp_path):
    for place in ("data/raw", "src"):
        (tmp_path / place).mkdir(parents=True)
    assert gather(Project(tmp_path), GpuReport()).shape.places == ("data/raw", "src")


def test_hostile_folders_end(tmp_path):
    (tmp_path / "runs" / "loop").mkdir(parents=True)
    (tmp_path / "runs" / "loop" / "again").symlink_to(tmp_path / "runs")
    (tmp_path / "logs").symlink_to(tmp_path / "logs")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "gone.py").symlink_to("nowhere")
    (tmp_path / "binary.py").write_bytes(b"\x00\xffimport torch\nimport \xff\nimport ,,\n" * 99_999)
    (tmp_path / "good.py").write_text("if 1:\n    from torch.nn import Linear\n# import lightning\n'import peft'\n")
    assert imported(tmp_path) == {"torch"}
    assert list(logs(tmp_path)) == []
