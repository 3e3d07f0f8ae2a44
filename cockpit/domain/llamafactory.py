"""LLaMA-Factory: how it trains a config, and what the config says.

The keys are those of its ``examples/`` and of transformers' ``TrainingArguments``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.domain.script import CHECKPOINT

CLI = "llamafactory-cli"
COMMAND = f"{CLI} train {{config}}"
RESUME = f"resume_from_checkpoint={CHECKPOINT}"  # it takes overrides after the config, as OmegaConf writes them


def config_facts(tree: Mapping[str, Any]) -> dict[str, Any]:
    """What a config says, by the names of ``ConfigFile``."""
    precision = "bf16-mixed" if tree.get("bf16") is True else "16-mixed" if tree.get("fp16") is True else "32-true"
    seed = tree.get("seed", 42)  # the default of transformers
    return {
        "model": str(tree.get("model_name_or_path", "")),
        "max_steps": _positive(tree.get("max_steps")),
        "max_epochs": _positive(tree.get("num_train_epochs", 3)),
        "seed": seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
        "accelerator": "cpu" if tree.get("use_cpu") is True else "auto",
        "precision": precision,
        "kept": _positive(tree.get("save_total_limit")),
    }


def _positive(value: object) -> int | None:
    """A length; epochs may be written as 3.0."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    return round(value) if known and isinstance(value, int | float) else None
