"""The scripts that a project offers to run."""

from cockpit.project import Project
from cockpit.project.launching import cli_script
from cockpit.project.scripts import scripts


def test_scripts_that_train_are_offered_and_others_are_not(tmp_path):
    (tmp_path / "train.py").write_text(
        "import argparse, lightning\np = argparse.ArgumentParser()\np.add_argument('--resume')\n"
    )
    (tmp_path / "plot.py").write_text("import matplotlib\n")
    (tmp_path / "test_model.py").write_text("import torch\n")
    (tmp_path / "broken.py").write_text("import torch\ndef (:\n")
    (tmp_path / "folder.py").mkdir()
    (found,) = scripts(Project(tmp_path))
    assert (found.path.name, found.script.framework) == ("train.py", "Lightning")
    assert found.script.resume == ("--resume", "{checkpoint}")


def test_a_module_that_another_file_imports_is_no_script_unless_it_runs_by_itself(tmp_path):
    files = {
        "model.py": "import torch\nDEVICE = torch.device('cpu')\nclass Net(torch.nn.Module): ...\n",
        "engine.py": "import torch\ntorch.manual_seed(1)\ndef step(x):\n    x.backward()\n",
        "parts.py": "import torch\nfrom . import engine\n",
        "train.py": "import lightning as L\nimport engine\nfrom model import Net\nL.Trainer().fit(Net())\n",
        "evaluate.py": "import torch\ndef main(): ...\nif __name__ == '__main__':\n    main()\n",
        "sweep.py": "import torch, evaluate, parts\ndef main():\n    evaluate.main()\nmain()\n",
        "alone.py": "import torch\ndef train(): ...\n",
        "test_alone.py": "import sweep\n",
        "setup.py": "import torch\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert [one.path.name for one in scripts(Project(tmp_path))] == ["alone.py", "evaluate.py", "sweep.py", "train.py"]


def test_files_that_import_only_themselves_or_each_other(tmp_path):
    (tmp_path / "train.py").write_text("import torch, train\n")
    assert [one.path.name for one in scripts(Project(tmp_path))] == ["train.py"]
    (tmp_path / "other.py").write_text("import torch\nfrom train import x\n")
    assert [one.path.name for one in scripts(Project(tmp_path))] == ["other.py"]


def test_a_script_that_imports_its_framework_through_its_own_modules(tmp_path):
    inner = tmp_path / "src" / "inner"
    inner.mkdir(parents=True)
    (inner / "__init__.py").write_text("from . import net\n")
    (inner / "net.py").write_text("import torch\n")
    (inner / "net.py").with_name("loop").symlink_to(inner)  # round and round
    (tmp_path / "src" / "fit.py").write_text("import pytorch_lightning\n")
    (tmp_path / "model.py").write_text("from src.inner import net\n")
    (tmp_path / "train.py").write_text("import os, model\nfrom src import fit\nif __name__ == '__main__':\n    fit()\n")
    (tmp_path / "evaluate.py").write_text("import net\nif __name__ == '__main__':\n    net()\n")
    (found,) = scripts(Project(tmp_path))
    assert (found.path.name, found.script.framework) == ("train.py", "Lightning")
    (tmp_path / "net.py").write_text("import torch, evaluate\n")
    assert [(one.path.name, one.script.framework) for one in scripts(Project(tmp_path))] == [
        ("evaluate.py", "PyTorch"), ("train.py", "Lightning"),
    ]  # fmt: skip


def test_the_lightning_cli_of_a_project_is_found_where_people_put_it(tmp_path):
    assert cli_script(tmp_path) is None
    (tmp_path / "src").mkdir()
    (tmp_path / "note.py").write_text("# LightningCLI(Model) would be nice\n")
    assert cli_script(tmp_path) is None
    (tmp_path / "src" / "main.py").write_text(
        "from lightning.pytorch.cli import LightningCLI\n\ncli = LightningCLI(Model)\n"
    )
    assert str(cli_script(tmp_path)) == "src/main.py"
