"""Scalars as fixed records of 32 bytes: (step i8, time f8, value f8, tag u4, flags u4), little endian.

The writing end needs only the standard library, so that runner and trainer stay light; the reading end is
``runs/scalar_tail.py``. A record with tag ``ATTEMPT`` says that training began again after ``step``: readers drop
the points of a larger step that lie before it in the file, because they were redone. Flags of 0 mean the points of all
tags; any other number means only those of tag ``flags - 1``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from cockpit.runs.append import AppendFile

RECORD = struct.Struct("<qddII")
ATTEMPT = 0xFFFFFFFF

Scalar = tuple[int, float, float, int, int]  # step, time, value, tag, flags


class ScalarWriter:
    """The writing end of a scalar file, for its one writer."""

    def __init__(self, path: Path) -> None:
        self._file = AppendFile(path, RECORD.size)

    def write(self, records: Iterable[Scalar]) -> None:
        """Append whole records with one write."""
        pack = RECORD.pack
        data = b"".join([pack(*record) for record in records])
        if data:
            self._file.append(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
