"""The reading end of a scalar file: into growing series, or only its last records."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.runs.scalars import ATTEMPT, RECORD, Scalar

if TYPE_CHECKING:
    import numpy as np

    from cockpit.domain.series import Series

_SLAB = 1 << 14  # records read at once: 512 KiB, so a long file never lies in memory twice


def last_records(path: Path, count: int) -> list[Scalar]:
    """The last ``count`` whole records, oldest first; without numpy, for lists and scripts."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            size -= size % RECORD.size
            start = max(0, size - count * RECORD.size)
            file.seek(start)
            return list(RECORD.iter_unpack(file.read(size - start)))
    except FileNotFoundError:
        return []


class ScalarTail:
    """Follows one scalar file and keeps a :class:`Series` per tag."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.series: dict[int, Series] = {}
        self._offset = 0
        self._inode = -1

    def poll(self) -> bool:
        """Take in what was appended since the last poll; whether anything was."""
        try:
            with open(self.path, "rb") as file:
                status = os.fstat(file.fileno())
                if status.st_ino != self._inode or status.st_size < self._offset:
                    self.series.clear()
                    self._offset, self._inode = 0, status.st_ino
                whole = status.st_size - status.st_size % RECORD.size
                if whole == self._offset:
                    return False
                file.seek(self._offset)
                while self._offset < whole:
                    data = file.read(min(_SLAB * RECORD.size, whole - self._offset))
                    data = data[: len(data) - len(data) % RECORD.size]
                    if not data:
                        break
                    self._take(data)
                    self._offset += len(data)
        except FileNotFoundError:
            return False
        return True

    def _take(self, data: bytes) -> None:
        import numpy as np

        dtype = np.dtype([("step", "<i8"), ("time", "<f8"), ("value", "<f8"), ("tag", "<u4"), ("flags", "<u4")])
        records = np.frombuffer(data, dtype)
        for part, attempt_step in _split_at_attempts(records):
            if attempt_step is not None:
                for series in self.series.values():
                    series.truncate_after(attempt_step)
            self._extend(part)

    def _extend(self, records: np.ndarray) -> None:
        import numpy as np

        from cockpit.domain.series import Series

        for tag in np.unique(records["tag"]).tolist():
            mine = np.flatnonzero(records["tag"] == tag)
            if tag not in self.series:
                self.series[tag] = Series()
            self.series[tag].extend(records["step"][mine], records["time"][mine], records["value"][mine])


def _split_at_attempts(records: np.ndarray) -> Iterator[tuple[np.ndarray, int | None]]:
    """Pieces of ``records``, each with the step after which it redoes what came before it."""
    marks = (records["tag"] == ATTEMPT).nonzero()[0].tolist()
    start, step = 0, None
    for mark in marks:
        yield records[start:mark], step
        start, step = mark + 1, int(records["step"][mark])
    yield records[start:], step
