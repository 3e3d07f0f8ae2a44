"""A trainer without torch for dry runs: ``python dry_trainer.py CONFIG`` does what the callback would.

The config's ``fake`` section steers it: ``end`` is "measured", "hang" (with a child in a session of its own), "silent",
"fails", "dies", "grows" (``data/`` by 100 kB) or "oom".
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import yaml

from cockpit.domain.estimate import SCHEMA
from cockpit.runs.atomic import write_atomic
from cockpit.runs.layout import ENV_ESTIMATE, EstimatePaths

RESULT = {
    "schema": SCHEMA, "steps_total": 1000, "validate_every": 100, "world_size": 1, "device": "cpu",
    "precision": "32-true", "parameters": 7, "max_seconds": None, "early_stopping": False,
    "step_seconds": [0.1] * 20, "validation_batches": 10, "validation_batch_seconds": 0.5,
    "checkpoint_seconds": 1.0, "checkpoint_bytes": 1 << 20, "savers": [{"every": 500, "kept": 1}], "gpu_peak": None,
}  # fmt: skip


def main(config):
    fake = yaml.safe_load(Path(config).read_text())["fake"]
    paths = EstimatePaths(Path(os.environ[ENV_ESTIMATE]))
    if fake["end"] != "silent":
        write_atomic(paths.progress, json.dumps({"phase": "measuring", "step": 3, "of": 25}))
    (Path(os.environ["TMPDIR"]) / "left behind").touch()
    print("the trainer's last words, sk-ant-api03-abcdefgh12345678", flush=True)
    match fake["end"]:
        case "measured":
            time.sleep(0.3)  # long enough to be looked at
            changes = {"step_seconds": [fake["pace"]] * 20} if "pace" in fake else {}
            write_atomic(paths.result, json.dumps(RESULT | changes | fake.get("result", {})))
        case "fails":
            write_atomic(
                paths.result, json.dumps({"schema": SCHEMA, "error": "ValueError: cursed", "out_of_memory": False})
            )
        case "oom":
            words = "OutOfMemoryError: CUDA out of memory. Tried to allocate 9 GiB"
            record = {"schema": SCHEMA, "error": words, "out_of_memory": True}
            write_atomic(paths.result, json.dumps(record))
        case "dies":
            sys.exit(7)
        case "grows":
            Path("data").mkdir(exist_ok=True)
            Path("data/corpus.bin").write_bytes(bytes(100_000))
            time.sleep(600)
        case _:
            subprocess.Popen(["sleep", "600"], start_new_session=True)
            time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1])
