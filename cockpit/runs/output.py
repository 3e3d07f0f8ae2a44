"""What a trainer printed: the end of its log."""

from __future__ import annotations

import os
from pathlib import Path

from cockpit.domain.causes import CHAINED, HEADER

_TAIL = 64 * 1024  # bytes; a traceback is shorter
_KEPT = 8000  # characters


def last_traceback(path: Path) -> str:
    """The last traceback in a log, with those that it names as its causes; empty where its end has none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            text = file.read(_TAIL).decode(errors="replace")
    except OSError:
        return ""
    before, found, after = text.rpartition(HEADER)
    if not found:
        return ""
    lines = after.splitlines()
    # it ends with the first line that is not indented; what follows was printed by somebody else
    end = next((i for i, line in enumerate(lines) if line and not line[0].isspace()), len(lines) - 1)
    blocks = ["\n".join([HEADER, *(line for line in lines[: end + 1] if line)])]
    while before.rstrip().endswith(CHAINED):
        before, found, cause = before.rpartition(HEADER)
        if not found:
            break
        blocks.insert(0, f"{HEADER}{cause.rstrip()}\n")
    return "\n".join(blocks)[-_KEPT:]
