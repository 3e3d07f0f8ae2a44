"""Weights leave a checkpoint alone: no secret, no place of this machine, whole or not at all."""

import json
import os
import stat

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, load_model
from support.hostile import HOSTILE

from cockpit.actions.export import export, find_source
from cockpit.errors import CannotWrite, NotPossible
from cockpit.project import Project
from trainers.gpt import GPT

pytestmark = pytest.mark.slow
SECRET = "sk-abcdefghijklmnop1234"


class Foreign:
    def __reduce__(self):
        return os.system, ("touch pwned",)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "cockpit.toml").write_text('[share]\nlicence = "apache-2.0"\n')
    return Project(tmp_path)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return GPT(layers=1, width=32, context=16)


@pytest.fixture
def checkpoint(tmp_path, model):
    def save(name="step=7.ckpt", **more):
        content = {"state_dict": model.state_dict(), "optimizer_states": [{"x": torch.ones(3)}], "global_step": 7}
        torch.save(content | more, tmp_path / name)
        return str(tmp_path / name)

    return save


def test_the_weights_come_back_bit_by_bit_and_tied_ones_are_stored_once(project, model, checkpoint, tmp_path):
    made = export(project, find_source(project, checkpoint()), tmp_path / "out")
    assert [path.name for path in made.files] == ["README.md", "model.safetensors"]
    found = load_file(made.folder / "model.safetensors")
    assert "head.weight" not in found
    assert all(torch.equal(found[name], model.state_dict()[name]) for name in found)
    with safe_open(made.folder / "model.safetensors", "pt") as file:
        assert file.metadata()["head.weight"] == "embed.weight"
    assert load_model(GPT(layers=1, width=32, context=16), str(made.folder / "model.safetensors")) == (set(), [])


def test_views_of_one_memory_and_odd_tensors_survive(project, checkpoint, tmp_path):
    whole = torch.arange(12.0).reshape(3, 4)
    tensors = {"a": whole[:2], "b": whole[1:], "c": whole.T, "empty": torch.zeros(0), "half": torch.ones(2).bfloat16()}
    export(project, find_source(project, checkpoint(state_dict=tensors)), tmp_path / "out")
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())


def test_what_is_written_is_for_the_owner_alone(project, checkpoint, tmp_path):
    os.umask(0o000)
    made = export(project, find_source(project, checkpoint()), tmp_path / "out")
    os.umask(0o022)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (made.folder, *made.files)] == [0o700, 0o600, 0o600]


def test_no_secret_and_no_path_is_in_the_card(project, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "a plain pass phrase")
    hparams = {
        "lr": 0.1, "api_key": SECRET, "data": "/home/ada/corpus/x.txt", "note": f"use {SECRET}", "eos_token": "</s>",
        "nested": {"password": "hunter2", "cache": "~/x/y"}, "said": "it is a plain pass phrase",
    }  # fmt: skip
    made = export(project, find_source(project, checkpoint(hyper_parameters=hparams)), tmp_path / "out")
    card = (made.folder / "README.md").read_text()
    for word in (SECRET, "/home/ada", "hunter2", "~/x", "pass phrase", str(tmp_path)):
        assert word not in card
    assert "eos_token: </s>" in card
    assert "license: apache-2.0" in card
    assert sorted(made.taken.secrets) == ["api_key", "nested.password", "note", "said"]
    assert made.taken.places == ["data", "nested.cache"]
    raw = (made.folder / "model.safetensors").read_bytes()
    assert b"optimizer" not in raw
    assert SECRET.encode() not in raw


def test_a_secret_in_the_name_of_a_tensor_stops_it(project, checkpoint, tmp_path):
    source = find_source(project, checkpoint(state_dict={SECRET: torch.ones(1)}))
    with pytest.raises(NotPossible, match="looks like a secret"):
        export(project, source, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cockpit.toml", "step=7.ckpt"]


def test_what_would_run_code_is_refused_and_named(project, checkpoint, tmp_path, monkeypatch):
    path = checkpoint(more=Foreign())
    with pytest.raises(NotPossible, match=r"would run code: \w+\.system"):
        find_source(project, path)
    monkeypatch.setattr("cockpit.actions.export.peek", lambda paths: {path: {} for path in paths})
    with pytest.raises(NotPossible, match=r"would run code: \w+\.system"):
        export(project, find_source(project, path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 torn"])
def test_what_is_no_checkpoint_is_told(project, tmp_path, content):
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(NotPossible):
        find_source(project, str(tmp_path / "x.ckpt"))


def test_a_checkpoint_without_weights_is_told(project, checkpoint, tmp_path):
    with pytest.raises(NotPossible, match="no weights"):
        export(project, find_source(project, checkpoint(state_dict={}, optimizer_states=[])), tmp_path / "out")


@pytest.mark.parametrize("there", ["file", "folder", "link"])
def test_nothing_is_overwritten(project, checkpoint, tmp_path, there):
    target = tmp_path / "out"
    {"file": target.touch, "folder": target.mkdir, "link": lambda: target.symlink_to("nowhere")}[there]()
    with pytest.raises(NotPossible, match="is there already"):
        export(project, find_source(project, checkpoint()), target)


def test_a_disk_that_fails_leaves_nothing(project, checkpoint, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cockpit.actions.export.write_atomic", refuse)
    with pytest.raises(CannotWrite):
        export(project, find_source(project, checkpoint()), tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cockpit.toml", "step=7.ckpt"]


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.strip()], ids=range(13))
def test_hostile_settings_stay_text(project, checkpoint, tmp_path, text):
    source = find_source(project, checkpoint(hyper_parameters={text: text}))
    card = (export(project, source, tmp_path / "out").folder / "README.md").read_text()
    assert card.count("\n---\n") == 1
    assert card.rstrip().endswith("left out nothing.")


def test_the_command_tells_what_it_wrote(project, checkpoint, tmp_path, monkeypatch, capsys):
    from cockpit.cli import main

    path = checkpoint()
    monkeypatch.chdir(tmp_path)
    assert main(["export", path, "out", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["files"]) == {"README.md", "model.safetensors"}
    assert main(["export", path, "out"]) == 1
    assert main(["--read-only", "export", path, "out2"]) == 1
    assert not (tmp_path / "out2").exists()
