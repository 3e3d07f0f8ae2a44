"""The questions can be read, and the config says what it must."""

import json
from pathlib import Path

import yaml

CONFIG = yaml.safe_load(Path("configs/finetune-lora.yaml").read_text())


def test_every_line_has_a_question_and_an_answer():
    lines = Path(CONFIG["data"]["init_args"]["file"]).read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) >= 10
    assert all(row["prompt"].strip() and row["completion"].strip() for row in rows)


def test_model_and_data_use_the_same_tokens():
    assert CONFIG["model"]["init_args"]["base"] == CONFIG["data"]["init_args"]["tokenizer"]
