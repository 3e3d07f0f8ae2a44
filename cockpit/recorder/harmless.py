"""A fault of the recorder must never end the training that it records."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cockpit.recorder.journal import SafeJournal, warn


class Harmless:
    """Base of what hooks into a training: see :func:`harmless`."""

    def __init__(self, journal: SafeJournal) -> None:
        self._journal = journal
        self._failed: set[str] = set()


def harmless(hook: Callable[..., None]) -> Callable[..., None]:
    """A method whose exceptions are told once and end nothing; after the first it is not called again.

    ``SystemExit`` passes: that is how a training is stopped on purpose.
    """
    name = hook.__name__

    @functools.wraps(hook)
    def guarded(self: Harmless, *args: Any, **kwargs: Any) -> None:
        if name in self._failed:
            return
        try:
            hook(self, *args, **kwargs)
        except Exception as error:
            self._failed.add(name)
            warn(f"the recorder's {name} failed ({error!r}); training goes on without it")
            with suppress(Exception):
                self._journal.write("recorder_failed", hook=name, message=repr(error)[:500])

    return guarded
