"""What training starts from: a folder in transformers' format, or the name of a model on the hub."""

from __future__ import annotations

import hashlib
import importlib
import os
from pathlib import Path
from typing import Any

_INSTALL = "fine-tuning needs its extra: pip install 'cockpit-ml[finetune]'"
_TAIL = 1 << 20  # bytes of each weight file that its digest looks at


def load_model(base: str, dtype: str = "float32") -> Any:
    """The causal language model, in training mode.

    Raises:
        FileNotFoundError: it is neither a folder nor in the hub's cache, and the hub must not be asked.
        ModuleNotFoundError: transformers is not installed.
    """
    model = _load("AutoModelForCausalLM", base, dtype=dtype)
    # a hint for generation alone; without it transformers does not look for padding, which our labels leave out
    model.config.pad_token_id = None
    return model.train()


def load_tokenizer(base: str) -> Any:
    """Its tokenizer; raises as :func:`load_model` does."""
    return _load("AutoTokenizer", base)


def _load(kind: str, base: str, **options: Any) -> Any:
    try:
        transformers: Any = importlib.import_module("transformers")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(_INSTALL) from None
    transformers.utils.logging.disable_progress_bar()
    try:
        return getattr(transformers, kind).from_pretrained(base, trust_remote_code=False, **options)
    except OSError as error:
        if Path(base).is_dir() or not _offline():
            raise
        raise FileNotFoundError(_advice(base)) from error


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "0").lower() in ("1", "true", "yes", "on")


def _advice(base: str) -> str:
    """What to do about a base that is not here; a name with two parts may be one on the hub."""
    make = f"To make one from a run of gpt-stdlib: cockpit export --format hf RUN {base}"
    if base.count("/") == 1 and not base.startswith((".", "/", "models/")):
        return (
            f"{base} is no folder and is not in the hub's cache, and runs are offline. To download it: declare "
            f"hf:{base} in cockpit.toml and run cockpit fetch. {make}"
        )
    return f"{base} is no folder. {make}"


def digest(base: str) -> str:
    """Tells one set of weights from another: sizes and ends of the weight files; nothing for a name on the hub."""
    sums = hashlib.sha256()
    for path in sorted(Path(base).glob("*.safetensors")) if Path(base).is_dir() else ():
        with open(path, "rb") as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(max(0, length - _TAIL))
            sums.update(f"{path.name}|{length}|".encode() + file.read())
    return sums.hexdigest()[:16]
