"""Append-only files: whole records, one write each, the tail repaired on open."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit.runs.atomic import write_all

_BLOCK = 1 << 16


class AppendFile:
    """The writing end of an append-only file, for its one writer.

    A writer that died in the middle of a record leaves a torn tail; the next one to open the file cuts it
    off, because a record appended after it would become a bad one for ever.

    Args:
        path: the file; made with mode 0600 if it is missing.
        record: bytes of one fixed-size record, or 0 for lines.
    """

    _fd = -1
    _close = staticmethod(os.close)  # at the interpreter's end, when `os` is empty already, it is still needed

    def __init__(self, path: Path, record: int = 0) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(path, flags, 0o600)
        size = os.fstat(self._fd).st_size
        whole = size - size % record if record else _end_of_last_line(self._fd, size)
        if whole != size:
            os.ftruncate(self._fd, whole)

    def append(self, records: bytes) -> None:
        """Append whole records. A failed write (disk full) is cut off again, then raised."""
        before = os.fstat(self._fd).st_size
        try:
            write_all(self._fd, records)
        except OSError:
            os.ftruncate(self._fd, before)
            raise

    def sync(self) -> None:
        """Make what was appended durable."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Close the file; appending afterwards is an error."""
        if self._fd >= 0:
            self._close(self._fd)
            self._fd = -1

    __del__ = close


@contextmanager
def appending(path: Path) -> Iterator[AppendFile]:
    """A file of lines to which several processes append, for as long as this one holds its lock.

    The kernel lets go of the lock when the process dies.
    """
    fd = _locked(path)
    try:
        file = AppendFile(path)
        try:
            yield file
        finally:
            file.close()
    finally:
        os.close(fd)


def _locked(path: Path) -> int:
    """A descriptor of the file that has this name once its lock is held: it may have been moved away meanwhile."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(fd), os.stat(path)):
                return fd
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _end_of_last_line(fd: int, size: int) -> int:
    end = size
    while end > 0:
        start = max(0, end - _BLOCK)
        block = os.pread(fd, end - start, start)
        newline = block.rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
