"""Where what was deleted lies until somebody purges it: ``.trash`` in the runs folder.

An entry is a folder with a ``manifest.json``, which is written first, and what was moved into it by one rename. So a
crash leaves the file where it was, or whole in the trash; a manifest without anything beside it was never carried out.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cockpit.errors import CannotWrite, NotPossible, RunNotFound
from cockpit.runs.atomic import fsync_folder, write_atomic
from cockpit.runs.checkpoint_folder import bytes_of

FOLDER = ".trash"
_MANIFEST = "manifest.json"
_PURGING = ".purging-"


@dataclass(frozen=True, slots=True)
class Trashed:
    """Something in the trash."""

    id: str
    kind: str  # checkpoint | run
    name: str
    origin: str  # the folder it was in, absolute
    bytes: int
    time: float  # when it was deleted, seconds since the epoch
    note: str = ""  # what it was: "step 1,200, best"


class Trash:
    """The trash of one project."""

    def __init__(self, runs_folder: Path) -> None:
        self._folder = runs_folder / FOLDER

    def items(self) -> tuple[Trashed, ...]:
        """What lies there, newest first; entries that cannot be read are left alone."""
        return tuple(sorted(self._entries(), key=lambda item: item.time, reverse=True))

    def _entries(self) -> Iterator[Trashed]:
        for manifest in self._folder.glob(f"[!.]*/{_MANIFEST}"):
            try:
                item = Trashed(**json.loads(manifest.read_bytes()))
            except (OSError, ValueError, TypeError, RecursionError):
                continue
            if self._is_own(item, manifest.parent) and os.path.lexists(self.place(item)):
                yield item

    def _is_own(self, item: Trashed, entry: Path) -> bool:
        """Whether a manifest speaks of its own entry; any process may write one, to have something else moved."""
        texts = (item.id, item.kind, item.name, item.origin, item.note)
        figures = (item.time, item.bytes)
        if not (all(isinstance(t, str) for t in texts) and all(isinstance(f, (int, float)) for f in figures)):
            return False
        inside = Path(item.origin).resolve().is_relative_to(self._folder.parent.resolve())
        alone = item.name == Path(item.name).name and item.name not in ("", "..")
        return item.id == entry.name and alone and inside and not entry.is_symlink()

    def place(self, item: Trashed) -> Path:
        """Where it lies."""
        return self._folder / item.id / item.name

    def find(self, reference: str) -> Trashed:
        """The entry of this id, or of a unique beginning of it.

        Raises:
            RunNotFound: none or several answer to it.
        """
        found = [item for item in self.items() if item.id.startswith(reference)]
        if len(found) != 1:
            raise RunNotFound(f"{len(found)} entries answer to {reference!r}", "Not in the trash", "See: cockpit trash")
        return found[0]

    def put(self, path: Path, kind: str, note: str = "", inode: int | None = None) -> Trashed:
        """Move a file or a folder there.

        Args:
            path: absolute; no part of its last folder is a link.
            kind: ``checkpoint`` or ``run``.
            note: what it was.
            inode: of what a person has agreed to delete.

        Raises:
            NotPossible: it is gone, a link, or another file than was looked at.
            CannotWrite: the file system refused, or the trash is on another one; it is where it was.
        """
        if self._folder.is_symlink():
            raise NotPossible(f"{self._folder} is a link: the trash lies beside the runs", "Not deleted")
        with _opened(path.parent) as origin:
            try:
                status = os.stat(path.name, dir_fd=origin, follow_symlinks=False)
            except OSError as error:
                raise NotPossible(f"{path}: {error.strerror}", "Not deleted") from None
            if stat.S_ISLNK(status.st_mode) or (inode is not None and status.st_ino != inode):
                raise NotPossible(f"{path} is a link, or another file than it was", "Not deleted")
            item = Trashed(
                _new_id(), kind, path.name, str(path.parent), bytes_of(path, follow_links=False), time.time(), note
            )
            entry = self._folder / item.id
            try:
                entry.mkdir(mode=0o700, parents=True)
                write_atomic(entry / _MANIFEST, json.dumps(asdict(item)) + "\n")
                with _opened(entry) as into:
                    os.rename(path.name, path.name, src_dir_fd=origin, dst_dir_fd=into)
                    os.fsync(into)
                os.fsync(origin)
            except OSError as error:
                shutil.rmtree(entry, ignore_errors=True)
                raise CannotWrite(path, error, "Not deleted") from None
        return item

    def restore(self, item: Trashed) -> Path:
        """Put it back where it was.

        Raises:
            NotPossible: something of that name is there again, or its folder is gone.
            CannotWrite: the file system refused.
        """
        target = Path(item.origin) / item.name
        if os.path.lexists(target) or not Path(item.origin).is_dir():
            reason = "is there again" if os.path.lexists(target) else "has lost its folder"
            raise NotPossible(f"{target} {reason}", "Not restored", f"It stays in {self.place(item)}")
        try:
            _move_back(self.place(item), target)
            fsync_folder(target.parent)
        except OSError as error:
            raise CannotWrite(target, error, "Not restored") from None
        shutil.rmtree(self._folder / item.id, ignore_errors=True)
        return target

    def purge(self, items: tuple[Trashed, ...]) -> int:
        """Remove entries for good; gives the bytes. What a crash leaves of it is removed at the next purge.

        Raises:
            CannotWrite: the file system refused, or somebody else has purged or restored one meanwhile.
        """
        for item in items:
            try:
                (self._folder / item.id).rename(self._folder / f"{_PURGING}{item.id}")
            except OSError as error:
                raise CannotWrite(self._folder / item.id, error, "Not purged") from None
        for doomed in self._folder.glob(f"{_PURGING}*"):
            shutil.rmtree(doomed, ignore_errors=True)
        return sum(item.bytes for item in items)


def _move_back(place: Path, target: Path) -> None:
    """Rename, unless something of that name has appeared meanwhile; a folder replaces nothing but an empty one.

    Raises:
        OSError: something has, or the file system refused.
    """
    try:
        if place.is_dir():
            place.rename(target)
        else:
            os.link(place, target, follow_symlinks=False)
    except PermissionError:  # a file system without hard links
        place.rename(target)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """The folder itself, not what a link of its name may point to by now."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise NotPossible(f"{folder}: {error.strerror}", "Not deleted") from None
    try:
        yield fd
    finally:
        os.close(fd)


def _new_id() -> str:
    return f"{time.strftime('%Y%m%dT%H%M%S')}-{os.urandom(3).hex()}"
