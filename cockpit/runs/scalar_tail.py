"""The reading end of a scalar file: into growing series, or only its last records."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from cockpit.runs.scalars import ATTEMPT, RECORD, Scalar

if TYPE_CHECKING:
    import numpy as np

    from cockpit.domain.series import Floats, Ints, Series

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


def first_records(path: Path, count: int) -> list[Scalar]:
    """The first ``count`` whole records."""
    try:
        with open(path, "rb") as file:
            data = file.read(count * RECORD.size)
    except FileNotFoundError:
        return []
    return list(RECORD.iter_unpack(data[: len(data) // RECORD.size * RECORD.size]))


class Keeper(Protocol):
    """Keeps the points of one tag, or what of them is wanted."""

    def extend(self, steps: Ints, times: Floats, values: Floats, /) -> None:
        """Take points in, in the order they were recorded."""

    def truncate_after(self, step: int, /) -> None:
        """Forget the points beyond ``step``."""


K = TypeVar("K", bound=Keeper)


class Tail(Generic[K]):
    """Follows one scalar file.

    Args:
        path: of it.
        keeper: makes what keeps the points of a tag, by its number.
    """

    def __init__(self, path: Path, keeper: Callable[[int], K]) -> None:
        self.path = path
        self.series: dict[int, K] = {}
        self._keeper = keeper
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
        for part, attempt in _split_at_attempts(records):
            if attempt is not None:
                step, only = attempt
                for series in self.series.values() if not only else filter(None, [self.series.get(only - 1)]):
                    series.truncate_after(step)
            self._extend(part)

    def _extend(self, records: np.ndarray) -> None:
        import numpy as np

        from cockpit.domain.series import distinct

        for tag in distinct(records["tag"]):
            mine = np.flatnonzero(records["tag"] == tag)
            if tag not in self.series:
                self.series[tag] = self._keeper(tag)
            self.series[tag].extend(records["step"][mine], records["time"][mine], records["value"][mine])


class ScalarTail(Tail["Series"]):
    """Keeps a whole :class:`Series` of each tag."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _series)


def _series(_tag: int) -> Series:
    from cockpit.domain.series import Series  # numpy: only where series are kept

    return Series()


def _split_at_attempts(records: np.ndarray) -> Iterator[tuple[np.ndarray, tuple[int, int] | None]]:
    """Pieces of ``records``, each with the step after which it redoes what came before it, and the mark's flags."""
    marks = (records["tag"] == ATTEMPT).nonzero()[0].tolist()
    start, mark_before = 0, None
    for mark in marks:
        yield records[start:mark], mark_before
        start, mark_before = mark + 1, (int(records["step"][mark]), int(records["flags"][mark]))
    yield records[start:], mark_before
