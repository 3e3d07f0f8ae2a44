"""What dry runs measured, kept by the config's content and the device they ran on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from cockpit.domain.estimate import SCHEMA, Measurement, Misfit, measurement_of
from cockpit.runs.atomic import write_atomic
from cockpit.runs.layout import ESTIMATES


def load_estimate(runs_folder: Path, content: bytes, device: str) -> Measurement | Misfit | None:
    """What came of measuring this very config on this device; None where nobody has, or it cannot be read."""
    try:
        record = json.loads(_file(runs_folder, content, device).read_bytes())
        if record["schema"] == SCHEMA and "words" in record:
            return Misfit(float(record["measured"]), str(record["words"]))
        return measurement_of(record)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save_estimate(runs_folder: Path, content: bytes, device: str, found: Measurement | Misfit) -> None:
    """Keep it for the next question about this config."""
    file = _file(runs_folder, content, device)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(file, json.dumps({"schema": SCHEMA, **asdict(found)}))


def _file(runs_folder: Path, content: bytes, device: str) -> Path:
    digest = hashlib.sha256(hashlib.sha256(content).digest() + device.encode()).hexdigest()
    return runs_folder / ESTIMATES / f"{digest[:32]}.json"
