"""Checkpoints that are folders, as transformers and accelerate write them: whole or torn, without running pickle."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from cockpit.runs.archive import damage

TENSORS = ".safetensors"
FOLDER = re.compile(r"checkpoint-\d+")  # as transformers names them
_STEP = re.compile(r"(?:step|iter|checkpoint)[-_=]?(\d{1,15})(?!\d)", re.IGNORECASE)
_EPOCH = re.compile(r"epoch[-_=]?(\d{1,9})(?!\d)", re.IGNORECASE)
_STATE = "trainer_state.json"
SAVED_STATE = "random_states_0.pkl"  # what accelerate's save_state writes last
_ARCHIVES = (".pt", ".pth", ".bin")
_HEADER_LIMIT = 100 << 20  # bytes; the format's own


def numbered(name: str) -> tuple[int | None, int | None]:
    """Step and epoch as a name tells them; None for what it does not tell."""
    step, epoch = _STEP.search(name), _EPOCH.search(name)
    return int(step[1]) if step else None, int(epoch[1]) if epoch else None


def is_checkpoint_folder(path: Path) -> bool:
    """Whether it is a folder that transformers can resume from."""
    return (path / _STATE).is_file()


def is_saved_state(path: Path) -> bool:
    """Whether accelerate's ``load_state`` takes it; its name alone tells how far it is."""
    return (path / SAVED_STATE).is_file() and not is_checkpoint_folder(path)


def inspect_folder(path: Path) -> dict[str, Any]:
    """The fields of an :class:`Inspection` of a checkpoint folder."""
    try:
        step, epoch = numbered(path.name) if is_saved_state(path) else progress(path)
        files = [file for file in sorted(path.iterdir()) if file.is_file()]
    except (OSError, ValueError) as error:
        return {"problem": f"torn: {error}"}
    problem = next((found for file in files if (found := _damage(file))), "")
    if not any(file.suffix == TENSORS or file.name.startswith("pytorch_model") for file in files):
        problem = problem or "torn: it has no weights"
    random_state = any(file.name.startswith(("rng_state", "random_states")) for file in files)
    return {"problem": problem, "step": step, "epoch": epoch, "random_state": random_state}


def progress(path: Path) -> tuple[int, int]:
    """Step and epoch of a checkpoint folder.

    Raises:
        OSError, ValueError: it does not tell.
    """
    try:
        state = json.loads((path / _STATE).read_bytes())
        return int(state["global_step"]), int(state.get("epoch") or 0)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"{_STATE}: {type(error).__name__}: {error}") from None


def mark(path: Path) -> list[int]:
    """Device, inode, bytes and time of the last change (nanoseconds) of a checkpoint, file or folder.

    It changes when the checkpoint is replaced or written to, and is empty where there is none.
    """
    try:
        own = path.stat()
        files = [file.stat() for file in path.iterdir()] if path.is_dir() else [own]
    except OSError:
        return []
    newest = max((file.st_mtime_ns for file in files), default=0)
    return [own.st_dev, own.st_ino, sum(file.st_size for file in files), newest]


def bytes_of(path: Path, *, follow_links: bool = True) -> int:
    """The size of a file, or of all files below a folder, as far as they are there: a trainer may be removing them."""
    below = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    total = 0
    for file in below if path.is_dir() else (path,):
        with suppress(OSError):
            total += file.stat(follow_symlinks=follow_links).st_size
    return total


def _damage(file: Path) -> str:
    if file.suffix == TENSORS:
        return torn_tensors(file)
    found = damage(file) if file.suffix in _ARCHIVES else ""
    return f"{file.name}: {found}" if found else ""


def torn_tensors(file: Path) -> str:
    """safetensors has no checksum: eight bytes of header length, the header, and as many bytes as that says."""
    try:
        with open(file, "rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if length > _HEADER_LIMIT:
                return f"torn: {file.name}: a header of {length} bytes"
            header = json.loads(opened.read(length))
            have = os.fstat(opened.fileno()).st_size
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        wanted = 8 + length + max(ends, default=0)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        return f"torn: {file.name}: {error}"
    return f"torn: {file.name} has {have} bytes of {wanted}" if have != wanted else ""
