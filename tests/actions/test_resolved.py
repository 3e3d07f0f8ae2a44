"""A config is shown as its own LightningCLI reads it, and nothing is started or left behind."""

import json
import shutil
import time
from pathlib import Path

import pytest
import yaml
from support.project import Place, Project

from cockpit.actions.resolved import resolve_config
from cockpit.actions.start import find_config
from cockpit.errors import ConfigError
from cockpit.project import Project as Folder

SCRIPT = Path(__file__).parent.parent / "support" / "foreign" / "cli_script.py"


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "place")
    yield made
    made.close()


def resolved(project, config, **limits):
    return resolve_config(project, config, config.path.read_bytes(), **limits)


def configured(place, text):
    (place.folder / "configs").mkdir()
    (place.folder / "configs" / "small.yaml").write_text(text)


def test_a_shipped_config_gets_its_overrides_and_every_default(place):
    done = place.cockpit("start", "digits", "--set", "model.lr=0.25", "--print", "--json")
    record = json.loads(done.stdout)
    tree = yaml.safe_load(record["config"])
    assert record["resolved"] is True
    assert tree["model"]["init_args"]["lr"] == 0.25
    assert tree["trainer"]["accumulate_grad_batches"] == 1  # nobody wrote that
    assert files(place.folder) == []


def test_a_class_that_does_not_exist_is_named(place):
    configured(place, "trainer: {max_steps: 3}\nmodel:\n  class_path: trainers.digits.Nothing\n")
    before = files(place.folder)
    done = place.cockpit("start", "small", "--print", check=False)
    assert done.returncode == 2
    assert "module 'trainers.digits' has no attribute 'Nothing'" in done.stderr
    assert "usage:" not in done.stderr
    assert files(place.folder) == before


def test_a_project_is_asked_by_its_own_script(place):
    shutil.copy(SCRIPT, place.folder / "train.py")
    configured(place, "trainer:\n  max_epochs: 2\n  accelerator: cpu\n")
    before = files(place.folder)
    tree = yaml.safe_load(place.cockpit("start", "small", "--print").stdout)
    assert (tree["model"]["lr"], tree["trainer"]["max_epochs"]) == (0.001, 2)
    assert files(place.folder) == before


def test_a_command_that_may_be_no_lightning_cli_is_not_run(tmp_path):
    project = Project(tmp_path / "place")  # its trainer trains whatever it is told
    before = files(project.folder)
    done = project.cockpit("start", "tiny", "--set", "trainer.max_steps=7", "--print", "--json")
    record = json.loads(done.stdout)
    assert record["resolved"] is False
    assert yaml.safe_load(record["config"])["trainer"]["max_steps"] == 7
    assert files(project.folder) == before


@pytest.fixture
def scripted(tmp_path):
    """Gives a project whose LightningCLI is this script."""

    def make(script, config="trainer: {max_steps: 3}\n"):
        (tmp_path / "configs").mkdir()
        (tmp_path / "configs" / "a.yaml").write_text(config)
        (tmp_path / "train.py").write_text(script + "\n\ndef main(LightningCLI):\n    LightningCLI()\n")
        project = Folder(tmp_path)
        return project, find_config(project, "a")

    return make


def test_secrets_are_left_out_and_no_key_is_passed(scripted, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "0123456789abcdef0123456789abcdef01234567")
    project, config = scripted(
        "import os, sys\n"
        "print('seen:', os.environ.get('WANDB_API_KEY'))\nprint('hub:', os.environ['HF_HUB_OFFLINE'])\n"
        "print('last:', sys.argv[-1])\nprint('url: https://me:hunter22@example.org')"
    )
    text = resolved(project, config).config
    assert yaml.safe_load(text) == {
        "seen": "None", "hub": 1, "last": "--print_config", "url": "https://me:[redacted]@example.org",
    }  # fmt: skip


def test_what_a_script_prints_before_its_config_is_no_part_of_it(scripted):
    project, config = scripted("print('loading: [')\nprint('# lightning.pytorch==2.6.6\\ntrainer: {max_steps: 3}')")
    assert yaml.safe_load(resolved(project, config).config) == {"trainer": {"max_steps": 3}}


@pytest.mark.parametrize(
    "waiting", [{"limit": 2.0}, {"called_off": lambda: Path("pid").exists()}], ids=["late", "left"]
)
def test_one_that_does_not_end_is_ended_with_its_children(scripted, tmp_path, monkeypatch, waiting):
    monkeypatch.chdir(tmp_path)
    project, config = scripted(
        "import os, pathlib, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "pathlib.Path('pid').write_text(str(child.pid))\ntime.sleep(600)"
    )
    with pytest.raises(ConfigError, match="not done after"):
        resolved(project, config, **waiting)
    child = Path("/proc") / (tmp_path / "pid").read_text() / "stat"
    until = time.monotonic() + 10
    while child.exists() and child.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < until


def test_one_that_prints_no_config_is_an_error_with_its_last_words(scripted):
    project, config = scripted("import sys\nsys.exit('the data are cursed')")
    with pytest.raises(ConfigError, match="the data are cursed"):
        resolved(project, config)
