"""What lies in a project's folder: its logs, its places, what its scripts import. No more is read than that takes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from cockpit.domain.shape import PLACES

_SCRIPTS, _SCRIPT_BYTES = 30, 1 << 16
_LOG_FOLDERS = ("runs", "logs", "tb_logs", "lightning_logs", "outputs")
_ENTRIES = 500  # of a folder of logs that are looked at
_DEPTH = 3
_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+([A-Za-z_]\w*)|import[ \t]+([A-Za-z_][\w., \t]*))", re.MULTILINE)


def places(root: Path) -> tuple[str, ...]:
    """Those of the usual folders that are there."""
    return tuple(place for place in PLACES if (root / place).is_dir())


def logs(root: Path) -> Iterator[str]:
    """What has logged here, by what it left."""
    for name, tool in (("lightning_logs", "Lightning"), ("wandb", "Weights & Biases"), ("mlruns", "MLflow")):
        if (root / name).is_dir():
            yield f"{name}/ ({tool})"
    for name in _LOG_FOLDERS:
        if name != "lightning_logs" and _has_events(root / name):
            yield f"{name}/ (TensorBoard)"


def _has_events(folder: Path) -> bool:
    waiting, looked = [(str(folder), 1)], 0
    while waiting and looked < _ENTRIES:
        place, depth = waiting.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    looked += 1
                    if looked > _ENTRIES:
                        break
                    if ".tfevents." in entry.name:
                        return True
                    if depth < _DEPTH and entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, depth + 1))
        except OSError:
            continue
    return False


def python_files(folder: Path, limit: int) -> Iterator[tuple[Path, bytes]]:
    """The Python files in a folder, by their names, each with its first ``limit`` bytes; none that cannot be read."""
    for path in sorted(folder.glob("*.py")):
        with suppress(OSError):
            if path.is_file():  # a pipe would never end
                with open(path, "rb") as file:
                    text = file.read(limit)
                yield path, text


def imported(root: Path) -> set[str]:
    """The packages that the scripts in this folder import, by the look of their lines."""
    found: set[str] = set()
    for _, text in islice(python_files(root, _SCRIPT_BYTES), _SCRIPTS):
        for source, several in _IMPORT.findall(text):
            words = [source] if source else several.split(b",")
            found.update(word.split()[0].split(b".")[0].decode() for word in words if word.split())
    return found
