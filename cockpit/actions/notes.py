"""Notes that a person attaches to a run."""

from __future__ import annotations

from cockpit.domain.secrets import redact
from cockpit.errors import UsageError
from cockpit.runs.layout import RunPaths
from cockpit.runs.notes import append_note
from cockpit.runs.reader import RunReader

LONGEST = 500  # characters


def note(run: RunPaths, text: str) -> int:
    """Attach ``text`` to the run at the step it has come to; gives that step.

    Raises:
        UsageError: it is empty or too long.
        CannotWrite: the run directory cannot be written.
    """
    words = redact(" ".join(text.split()))
    if not words:
        raise UsageError("The note is empty", "Nothing was noted")
    if len(words) > LONGEST:
        raise UsageError(f"The note has {len(words):,} characters; at most {LONGEST}", "Nothing was noted")
    step = RunReader(run).poll().step or 0
    append_note(run, step, words)
    return step
