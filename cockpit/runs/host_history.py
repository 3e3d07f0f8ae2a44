"""The machine's figures over a whole attempt at a cost that does not grow with it: a few blocks of host.bin."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cockpit.runs.scalars import RECORD

_BLOCKS = 96  # that are read, evenly spaced
_LATELY = 16  # the last blocks are read whole: they tell what goes on now

History = dict[str, list[tuple[float, float]]]  # name: (seconds since the epoch, value)


def read_history(path: Path, names: Mapping[int, str], since: float) -> tuple[History, History]:
    """Every figure since a time: thinned over all of it, and the last seconds of it without a gap.

    Args:
        path: of host.bin, whose samples come in turns of one record a name.
        names: of the tags.
        since: seconds since the epoch.
    """
    turn = max(1, len(names)) * RECORD.size
    try:
        with open(path, "rb") as file:
            fd = file.fileno()
            size = os.fstat(fd).st_size // RECORD.size * RECORD.size
            first = _offset_of(fd, size, since)
            turns = max(0, size - first) // turn
            picks = sorted(
                {first + round(i * (turns - 1) / (_BLOCKS - 1)) * turn for i in range(_BLOCKS)} if turns else []
            )
            thin = _named(b"".join(os.pread(fd, turn, at) for at in picks), names)
            start = max(first, size - _LATELY * turn)
            return thin, _named(os.pread(fd, size - start, start), names)
    except FileNotFoundError:
        return {}, {}


def _offset_of(fd: int, size: int, since: float) -> int:
    """Where the first record at or after ``since`` lies; the records are in the order of their times."""
    low, high = 0, size // RECORD.size
    while low < high:
        middle = (low + high) // 2
        if RECORD.unpack(os.pread(fd, RECORD.size, middle * RECORD.size))[1] < since:
            low = middle + 1
        else:
            high = middle
    return low * RECORD.size


def _named(data: bytes, names: Mapping[int, str]) -> History:
    found: History = {}
    for _, at, value, tag, _ in RECORD.iter_unpack(data[: len(data) // RECORD.size * RECORD.size]):
        if tag in names:
            found.setdefault(names[tag], []).append((at, value))
    return found
