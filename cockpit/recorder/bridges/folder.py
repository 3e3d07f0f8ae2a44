"""Checkpoints that are folders: made durable and read back."""

from __future__ import annotations

import os
from pathlib import Path

from cockpit.runs.archive import damage
from cockpit.runs.atomic import fsync_folder

_ARCHIVES = (".pt", ".pth", ".bin")


def make_durable(folder: Path) -> str:
    """Flush every file to the disk and read archives back; what is wrong, empty where nothing is."""
    try:
        for path in sorted(folder.rglob("*")):
            if not path.is_file():
                continue
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
            if path.suffix in _ARCHIVES and (found := damage(path)):
                return f"{path.name}: {found}"
        fsync_folder(folder)
    except OSError as error:
        return f"{folder.name}: {error.strerror or error}"
    return ""
