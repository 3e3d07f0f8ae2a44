"""The loop learns, and leaves logs that other tools read."""

from pathlib import Path

import yaml
from train import train


def test_it_learns_and_logs(tmp_path):
    config = yaml.safe_load(Path("configs/minimal.yaml").read_text()) | {"rows": 512}
    first = train(config | {"epochs": 1}, tmp_path / "a")
    assert train(config | {"epochs": 10}, tmp_path / "b") < first
    assert list((tmp_path / "b").glob("events.out.tfevents.*"))
