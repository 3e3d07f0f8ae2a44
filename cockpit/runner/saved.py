"""Finds the checkpoints that a followed script writes, as far as it can be known that this script wrote them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cockpit.runner.family import at_work_beside
from cockpit.runs.checkpoint_folder import FOLDER, SAVED_STATE, bytes_of, is_saved_state, mark, numbered, progress
from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import RunPaths
from cockpit.sources.source import Found

_SUFFIXES = (".pt", ".pth", ".ckpt", ".safetensors")
_SHARD = re.compile(r"-\d{5}-of-\d{5}\.")
_DATA = {"data", "datasets", "dataset", "cache", "raw", "processed"}  # tensors there are what is learnt from
_MOST = 500


class Checkpoints:
    """What looks like a checkpoint, by its name; a finder of :class:`cockpit.sources.walk.Walk`.

    Args:
        cwd: where the script runs.
    """

    name = "checkpoints"

    def __init__(self, cwd: Path) -> None:
        self._above = len(cwd.parts)

    def runs(self, path: Path) -> Iterable[Found]:
        """The file, or the folder it is in: ``checkpoint-N``, or of any name where accelerate has saved a state."""
        if FOLDER.fullmatch(path.parent.name) or path.name == SAVED_STATE:
            return (Found(path.parent),)
        if path.suffix in _SUFFIXES and is_saved_state(path.parent):
            return ()
        named = path.suffix in _SUFFIXES and not path.name.startswith(".") and not _SHARD.search(path.name)
        return (Found(path),) if named and not _DATA & {p.lower() for p in path.parts[self._above : -1]} else ()


class SavedFiles:
    """Writes down those of one attempt.

    Args:
        run: whose.
        journal: where to.
        cwd: where the script runs.
        attempt: its number.
        began: when it did, seconds since the epoch.
    """

    def __init__(self, run: RunPaths, journal: JournalWriter, cwd: Path, attempt: int, began: float) -> None:
        self._run, self._journal, self._cwd, self._attempt, self._began = run, journal, cwd, attempt, began
        self._seen: dict[Path, list[int]] = {}  # as each was at the last look
        self._known: dict[Path, list[int]] = {}  # as it was written down, or passed over

    def look(self, paths: Iterable[Path], *, last: bool) -> None:
        """Write down those that the script has saved, when they are at rest.

        One that was saved while another run worked in the same folder may be that one's: it is passed over.
        """
        contested: bool | None = None
        for path in paths:
            now = mark(path)
            if not now or now[3] / 1e9 < self._began or self._known.get(path) == now:
                continue
            if (last or self._seen.get(path) == now) and (path in self._known or len(self._known) < _MOST):
                self._known[path] = now
                contested = at_work_beside(self._run, self._cwd) if contested is None else contested
                if not contested:
                    self._tell(path, now)
            self._seen[path] = now

    def _tell(self, path: Path, now: list[int]) -> None:
        step, epoch = _progress(path)
        size = bytes_of(path) if path.is_dir() else now[2]
        self._journal.write(
            "checkpoint", path=str(path), name=os.path.relpath(path, self._cwd), step=step, epoch=epoch,
            bytes=size, time=now[3] / 1e9, attempt=self._attempt,
        )  # fmt: skip


def _progress(path: Path) -> tuple[int | None, int | None]:
    """Step and epoch, as the folder tells them, else as its name does."""
    if path.is_dir():
        with suppress(OSError, ValueError):
            return progress(path)
    return numbered(path.name)
