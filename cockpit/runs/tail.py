"""Where the end of a log begins, however long the log is."""

from __future__ import annotations

from typing import BinaryIO

_BLOCK = 64 * 1024


def start_of_last_lines(file: BinaryIO, count: int) -> int:
    """The offset at which the last ``count`` lines begin; reads blocks from the end, never the whole file."""
    end = position = file.seek(0, 2)
    wanted = count
    while position > 0:
        start = max(0, position - _BLOCK)
        file.seek(start)
        block = file.read(position - start)
        at = len(block) - 1 if position == end and block.endswith(b"\n") else len(block)
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            wanted -= 1
            if wanted == 0:
                return start + at + 1
        position = start
    return 0
