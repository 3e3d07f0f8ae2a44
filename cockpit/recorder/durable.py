"""Checkpoints that survive a kill at any moment: written aside, checked, made durable, then renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cockpit.runs.atomic import fsync_folder
from cockpit.runs.checkpoint_folder import bytes_of

_MARK = ".saving-"  # in the name of a file that is still being written
_LIGHTNINGS = ("lightning.", "pytorch_lightning.")  # its modules


class TornCheckpoint(OSError):
    """What was written cannot be read back."""


class DurableSave:
    """Wraps the two methods of a Lightning ``CheckpointIO`` that change files.

    One that saves on a thread is waited for: only what lies on the disk can be checked and told. One that is not
    Lightning's own may save in any form, and an address (``s3://…``) is no file here: both are saved in place and not
    checked.

    Args:
        inner: the strategy's own checkpoint IO.
        saving: called with the path before a save.
        saved: called after it is on the disk with path, bytes (None: not known), seconds, and whether it was checked.
        failed: called with path and the error when it could not be saved.
        removed: called with the path after a removal.
    """

    def __init__(
        self,
        inner: Any,
        *,
        saving: Callable[[str], None],
        saved: Callable[[str, int | None, float, bool], None],
        failed: Callable[[str, Exception], None],
        removed: Callable[[str], None],
    ) -> None:
        self._inner = inner
        self._saving, self._saved, self._failed, self._removed = saving, saved, failed, removed
        self._layers = _layers(inner)
        self._has_failed = False  # the latest save
        self._owed: list[Any] = []  # removals that wait for a save to succeed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Save so that ``path`` is either what it was or the whole new checkpoint.

        A save that fails (disk full) is reported and does not end the training.
        """
        target = os.fspath(path)
        self._saving(target)
        began = time.monotonic()
        one_archive = "://" not in target and all(map(_is_lightnings, self._layers))
        try:
            count = (self._write_aside if one_archive else self._write_in_place)(checkpoint, target, storage_options)
        except (OSError, RuntimeError, zipfile.BadZipFile) as error:  # torch reports a full disk as RuntimeError
            self._has_failed = True
            self._failed(target, error)
            return
        self._has_failed = False
        self._saved(target, count, time.monotonic() - began, one_archive)
        owed, self._owed = self._owed, []
        for old in owed:
            self.remove_checkpoint(old)

    def _write_aside(self, checkpoint: dict[str, Any], path: str, options: Any) -> int:
        """Write, check and make durable under another name, then rename; gives the size in bytes."""
        target = Path(path)
        temporary = target.with_name(f".{target.name}{_MARK}{os.getpid()}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with _temporary_files_in(temporary.with_name(f"{temporary.name}.tmp")):
                self._save_and_wait(checkpoint, str(temporary), options)
            count = _make_durable(temporary)
            os.replace(temporary, target)
            fsync_folder(target.parent)
        finally:
            temporary.unlink(missing_ok=True)
        return count

    def _write_in_place(self, checkpoint: dict[str, Any], path: str, options: Any) -> int | None:
        self._save_and_wait(checkpoint, path, options)
        return bytes_of(Path(path)) or None

    def _save_and_wait(self, checkpoint: dict[str, Any], path: str, options: Any) -> None:
        self._inner.save_checkpoint(checkpoint, path, options)
        for layer in self._layers:
            if _is_lightnings(layer) and any(kind.__name__ == "AsyncCheckpointIO" for kind in type(layer).__mro__):
                layer.teardown()  # waits for its thread; the next save begins another

    def remove_checkpoint(self, path: Any) -> None:
        """Remove a checkpoint that Lightning no longer keeps; but none while what should replace it was not saved."""
        if self._has_failed:
            self._owed.append(path)
            return
        self._inner.remove_checkpoint(path)
        self._removed(os.fspath(path))


def _layers(io: Any) -> list[Any]:
    """A ``CheckpointIO`` and those that it wraps, the outermost first."""
    layers = []
    while io is not None:
        layers.append(io)
        io = getattr(io, "checkpoint_io", None)
    return layers


def _is_lightnings(io: Any) -> bool:
    return str(type(io).save_checkpoint.__module__).startswith(_LIGHTNINGS)


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Let what a save puts aside lie on its own filesystem, where the next start finds what a kill has left.

    fsspec, through which Lightning saves, writes into ``tempfile.gettempdir()`` and moves the file from there.
    """
    folder.mkdir(exist_ok=True)
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        with suppress(OSError):  # another thread may have put something there meanwhile
            folder.rmdir()


def _make_durable(path: Path) -> int:
    """Flush ``path`` to the disk and read it back; returns its size in bytes."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
        count = os.fstat(fd).st_size
    finally:
        os.close(fd)
    with zipfile.ZipFile(path) as archive:
        if (bad := archive.testzip()) is not None:
            raise TornCheckpoint(f"{path.name}: {bad} is damaged")
    return count


def remove_leftovers(folder: Path) -> int:
    """Remove what a killed predecessor was writing; returns how many files and folders."""
    leftovers = list(folder.glob(f".*{_MARK}*"))
    for path in leftovers:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(leftovers)
