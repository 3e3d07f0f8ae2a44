"""``python -m trainers``: real fits from the shipped configs."""

import os
import re
import subprocess
import sys

import pytest
import torch
import yaml

from cockpit.recorder.exact import KEY
from trainers import configs_folder

pytestmark = pytest.mark.slow


def fit(folder, config, *words, check=True):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COCKPIT_")}
    return subprocess.run(
        [sys.executable, "-m", "trainers", "fit", "--config", configs_folder() / config, *words],
        cwd=folder, env=environment, capture_output=True, text=True, check=check,
    )  # fmt: skip


def test_digits_are_learnt(tmp_path):
    told = fit(tmp_path, "digits.yaml").stdout
    accuracy = float(re.search(r"test/acc\D+([\d.]+)", told)[1])
    assert accuracy >= 0.97


def test_the_gpt_trains_without_the_cockpit(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    for n in range(40):
        (raw / f"m{n}.py").write_text(f"x = {n}\n" * 100)
    fit(
        tmp_path, "gpt-stdlib.yaml", f"--data.root={raw}", "--data.batch_size=2", "--model.layers=1",
        "--trainer.max_steps=50", "--trainer.limit_val_batches=1",
    )  # fmt: skip
    (saved,) = tmp_path.rglob("*.ckpt")
    assert saved.name == "latest-epoch=0-step=50.ckpt"
    assert KEY in torch.load(saved, weights_only=True)
    assert list(tmp_path.rglob("events.out.tfevents.*"))


@pytest.mark.parametrize("config", sorted(path.name for path in configs_folder().glob("*.yaml")))
def test_every_shipped_config_is_seeded_and_saves_best_and_last(config):
    settings = yaml.safe_load((configs_folder() / config).read_text())
    assert isinstance(settings["seed_everything"], int)
    savers = [c["init_args"] for c in settings["trainer"]["callbacks"] if c["class_path"].endswith("ModelCheckpoint")]
    assert any(saver.get("monitor") == "val/loss" for saver in savers)
    assert any(saver.get("save_last") or saver.get("every_n_train_steps") for saver in savers)
