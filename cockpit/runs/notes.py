"""Notes that people attach to a run. Several may write at once, so each append holds the file's lock."""

from __future__ import annotations

import json
import os
import time

from cockpit.domain.run import SCHEMA
from cockpit.errors import CannotWrite
from cockpit.runs.append import appending
from cockpit.runs.layout import RunPaths
from cockpit.runs.requests import me


def append_note(run: RunPaths, step: int, text: str) -> None:
    """Keep a note at ``step`` durably.

    Raises:
        CannotWrite: the run directory cannot be written.
    """
    now = time.time()
    note = {"schema": SCHEMA, "t": now, "event": "note", "id": f"{now:.3f}-{os.urandom(3).hex()}", "step": step}
    line = json.dumps(note | {"by": me(), "text": text}, separators=(",", ":")) + "\n"
    try:
        with appending(run.notes) as file:
            file.append(line.encode())
            file.sync()
    except OSError as error:
        raise CannotWrite(run.notes, error, "The note cannot be kept") from None
