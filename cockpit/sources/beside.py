"""Finds the checkpoints beside other tools' records, in the places where their frameworks put them."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cockpit.domain.run import Checkpoint
from cockpit.runs.checkpoint_folder import FOLDER, bytes_of, is_checkpoint_folder, numbered

_FOLDER = "checkpoints"  # of Lightning, and what people call their own
_FILES = (".ckpt", ".pt", ".pth", ".safetensors", ".keras", ".h5")
_MOST = 1_000  # names in a folder that are looked at
_TICK = 2_000_000_000  # nanoseconds after which two changes of a folder surely differ in time


class Beside:
    """The checkpoints in some folders, listed again only when something came or went there."""

    def __init__(self) -> None:
        self._seen: object = None
        self._found: tuple[Checkpoint, ...] = ()

    def look(self, folders: Sequence[Path], since: float = 0.0) -> tuple[Checkpoint, ...]:
        """Those that last changed at ``since`` or later (seconds since the epoch), newest first."""
        changed = [_changed(place) for folder in folders for place in (folder, folder / _FOLDER)]
        seen = since, tuple(folders), changed
        if seen == self._seen:
            return self._found
        listed = [checkpoint for folder in folders for checkpoint in (*_of_transformers(folder), *_files(folder))]
        whole = [checkpoint for checkpoint in listed if checkpoint.time is not None]
        settled = len(whole) == len(listed) and time.time_ns() - max(changed, default=0) > _TICK
        self._seen = seen if settled else None
        kept = [checkpoint for checkpoint in whole if (checkpoint.time or 0.0) >= since]
        self._found = tuple(sorted(kept, key=lambda c: (c.time or 0.0, c.step or 0), reverse=True))
        return self._found


def _changed(folder: Path) -> int:
    with suppress(OSError):
        return folder.stat().st_mtime_ns
    return 0


def _of_transformers(folder: Path) -> list[Checkpoint]:
    """Its checkpoint folders; one that is still being written has no time yet."""
    found = []
    for entry in _entries(folder):
        if not FOLDER.fullmatch(entry.name) or not entry.is_dir(follow_symlinks=False):
            continue
        size = changed = None
        with suppress(OSError):
            if is_checkpoint_folder(Path(entry.path)):
                size, changed = bytes_of(Path(entry.path)), entry.stat(follow_symlinks=False).st_mtime
        found.append(Checkpoint(entry.path, entry.name, numbered(entry.name)[0], bytes=size, time=changed))
    return found


def _files(folder: Path) -> list[Checkpoint]:
    found = []
    for entry in _entries(folder / _FOLDER):
        if not entry.name.endswith(_FILES) or entry.name[0] == ".":
            continue
        step, epoch = numbered(entry.name)
        with suppress(OSError):
            if entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                found.append(
                    Checkpoint(entry.path, entry.name, step, epoch, bytes=status.st_size, time=status.st_mtime)
                )
    return found


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        return [entry for _, entry in zip(range(_MOST), entries, strict=False)]
    return []
