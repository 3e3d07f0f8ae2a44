"""A file that another process appends to, replaces or rewrites, read in pieces."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

PIECE = 8 << 20  # bytes read at once
_LONGEST = 64 << 20  # bytes of one record that are still waited for
_HEAD, _LAST = 512, 64  # bytes by which a rewritten file is recognised


class Piece(NamedTuple):
    """Bytes from where the last piece was used up to."""

    data: bytes = b""
    restarted: bool = False  # the file is not the one it was: begin anew
    more: bool = False  # it goes on behind these bytes


class GrowingFile:
    """Reads on from where it was; recognises a file that was replaced, cut or rewritten in place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = self.size = 0
        self.changed: float | None = None  # of the file, seconds since the epoch
        self._seen = (-1, -1, -1)  # inode, size, time of change at the last look
        self._inode = -1
        self._head = self._last = b""
        self._limit = PIECE

    def read(self) -> Piece:
        """What follows; nothing while the file is as it was at the last look and used up."""
        try:
            with open(self.path, "rb") as file:
                status = os.fstat(file.fileno())
                seen = status.st_ino, status.st_size, status.st_mtime_ns
                if seen == self._seen:
                    return Piece()
                self._seen = seen
                restarted = self._inode >= 0 and not self._is_same(file.fileno(), status)
                if restarted:
                    self.offset, self._head, self._last = 0, b"", b""
                self._inode, self.size, self.changed = status.st_ino, status.st_size, status.st_mtime
                data = os.pread(file.fileno(), min(self._limit, max(0, status.st_size - self.offset)), self.offset)
                if len(self._head) < _HEAD:
                    self._head = os.pread(file.fileno(), min(_HEAD, self.offset + len(data)), 0)
        except OSError:
            return Piece()
        return Piece(data, restarted, self.offset + len(data) < status.st_size)

    def use(self, piece: Piece, count: int) -> None:
        """``count`` bytes have been taken in, or passed over where that is more than the piece has."""
        self.offset += count
        if count:
            self._last = (self._last + piece.data[:count])[-_LAST:] if count <= len(piece.data) else b""
            self._limit, self._seen = PIECE, self._seen if not piece.more else (-1, -1, -1)

    def enlarge(self, piece: Piece) -> bool:
        """A piece does not hold even one record: the next look takes a larger one. False: no record is that long."""
        self._limit, self._seen = self._limit * 2, (-1, -1, -1)
        return len(piece.data) < _LONGEST

    def _is_same(self, fd: int, status: os.stat_result) -> bool:
        if status.st_ino != self._inode or status.st_size < self.offset:
            return False
        last = os.pread(fd, len(self._last), self.offset - len(self._last))
        return last == self._last and os.pread(fd, len(self._head), 0) == self._head


class Lines:
    """The whole lines of a growing file."""

    def __init__(self, path: Path) -> None:
        self.file = GrowingFile(path)
        self.bad = 0  # lines too long to be any

    def read(self) -> tuple[list[bytes], bool, bool]:
        """New lines, whether the file began anew, and whether there are more."""
        piece = self.file.read()
        if piece.restarted:
            self.bad = 0
        end = piece.data.rfind(b"\n") + 1
        if end == 0 and piece.more and not self.file.enlarge(piece):
            self.bad, end = self.bad + 1, len(piece.data)
            self.file.use(piece, end)
            return [], piece.restarted, True
        self.file.use(piece, end)
        return piece.data[:end].splitlines(), piece.restarted, piece.more and bool(piece.data)
