"""A whole source's way onto the disk: file after file, each on record as soon as it stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cockpit.domain.data_source import DataSource
from cockpit.domain.secrets import redact
from cockpit.domain.text import safe
from cockpit.fetching.errors import SourceError
from cockpit.fetching.remote import Remote, RemoteFile, client
from cockpit.fetching.shelf import Shelf, Shelved, Shelving, declared, size_of
from cockpit.fetching.transfer import Transfer, part_of


@dataclass(frozen=True, slots=True)
class Stride:
    """How far a download is."""

    phase: str  # "downloading" | "waiting" | "verifying"
    file: str
    done: int  # bytes, of all files
    total: int | None
    rate: float | None  # bytes a second since it began


Tell = Callable[[Stride], None]


def download(
    name: str,
    source: DataSource,
    remote: Remote,
    limit: int,
    shelf: Shelf,
    tell: Tell,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Bring every file that is not there yet.

    Args:
        name: of the source.
        source: as it is declared.
        remote: as its server describes it.
        limit: bytes that were agreed to, for all files together.
        shelf: where it goes.
        tell: hears how far it is; what it raises ends the download, and what came is kept.
        pause: waits between two tries.

    Raises:
        SourceError: it was cut, or what came is not what was agreed to; says which.
        NotPossible: another download of it is under way.
        CannotWrite: the disk is full or the folder refuses.
    """
    files = remote.files
    shelving = Shelving(
        url=redact(source.url),
        declared=declared(source),
        revision=remote.revision,
        licence=remote.licence,
        time=time.time(),
        files=tuple(kept(shelf, name, file) or Shelved(file.name, _agreed(file, limit)) for file in files),
    )
    for file in files:
        _expect_inside(shelf.raw, shelf.path(file.name))
    shelf.write(name, shelving)
    meter = _Meter(tell, remote.bytes)
    with client(remote.headers) as http:
        for file, shelved in zip(files, shelving.files, strict=True):
            here = shelved.bytes
            if here is None:
                final = shelf.path(file.name)
                meter.begin(file.name, size_of(part_of(final)))
                arrived = Transfer(http, file, final, _agreed(file, limit - meter.before), meter, pause).run()
                shelving = shelving.with_arrived(file.name, arrived)
                shelf.write(name, shelving)
                here = arrived.bytes
            meter.before += here


def kept(shelf: Shelf, name: str, file: RemoteFile) -> Shelved | None:
    """The record of a file that came whole an earlier time, is what it should be, and lies there unchanged."""
    known = shelf.read(name)
    for old in known.files if known else ():
        if old.name == file.name and old.verified and old.checksum == file.checksum and shelf.as_it_was(old):
            return old
    return None


def bytes_here(shelf: Shelf, name: str, remote: Remote) -> int:
    """Bytes of it that need not be fetched again."""
    return sum(
        (old.bytes or 0) if (old := kept(shelf, name, file)) else size_of(part_of(shelf.path(file.name)))
        for file in remote.files
    )


class _Meter:
    """Turns the progress of one file into that of the whole."""

    def __init__(self, tell: Tell, total: int | None) -> None:
        self._tell, self._total, self._began = tell, total, time.monotonic()
        self._file, self._had, self._new = "", 0, 0
        self.before = 0  # bytes of the files that are in their place

    def begin(self, file: str, had: int) -> None:
        """The next file, of which so many bytes are here already."""
        self._file, self._had = file, had

    def __call__(self, phase: str, done: int) -> None:
        """Progress of this file."""
        if phase == "downloading":
            self._new += max(0, done - self._had)
            self._had = done
        seconds = time.monotonic() - self._began
        rate = self._new / seconds if self._new and seconds > 0 else None
        self._tell(Stride(phase, self._file, self.before + done, self._total, rate))


def _agreed(file: RemoteFile, left: int) -> int:
    return left if file.bytes is None else file.bytes


def _expect_inside(raw: Path, final: Path) -> None:
    """Make sure that no link leads out of data/raw.

    Raises:
        SourceError: one does.
    """
    if not final.parent.resolve().is_relative_to(raw.resolve()) or final.is_symlink() or final.is_dir():
        raise SourceError(f"{safe(final)} is a folder, or leads out of {safe(raw)} by a link", "Nothing was downloaded")
