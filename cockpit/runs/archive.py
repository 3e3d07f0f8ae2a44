"""Checks what torch has saved: its archives carry a checksum of every part."""

from __future__ import annotations

import zipfile
from pathlib import Path


def damage(path: Path) -> str:
    """What is wrong with an archive; empty where every part matches its checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        return f"torn: {error}"
    return f"damaged: {bad} has a wrong checksum" if bad else ""
