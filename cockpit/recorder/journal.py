"""The one journal writer of this process, shared by everything that reports from inside a trainer."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import ENV_RUN_DIR, RunPaths


class SafeJournal:
    """A journal that never ends a training: a full disk is told once on stderr, then tried again."""

    def __init__(self, writer: JournalWriter) -> None:
        self._writer = writer
        self._warned = False

    def write(self, event: str, /, *, durable: bool = False, **fields: Any) -> None:
        """Append one event, or say once that it cannot be done."""
        try:
            self._writer.write(event, durable=durable, **fields)
        except OSError as error:
            if not self._warned:
                print(f"cockpit: cannot write the journal ({error}); training goes on", file=sys.stderr, flush=True)
            self._warned = True


def run_paths() -> RunPaths | None:
    """The run this process belongs to; None where no cockpit is listening."""
    folder = os.environ.get(ENV_RUN_DIR)
    return RunPaths(Path(folder)) if folder else None


@cache
def journal() -> SafeJournal | None:
    """The journal of this process; None without a run, and on every rank but the first."""
    run = run_paths()
    if run is None or os.environ.get("LOCAL_RANK", "0") != "0" or os.environ.get("NODE_RANK", "0") != "0":
        return None
    return SafeJournal(JournalWriter(run.journal))
