"""Where every thread of a trainer is, on request: also of one that hangs and runs no Python any more."""

from __future__ import annotations

import faulthandler
import signal
import sys

from cockpit.runs.layout import STACKS_SIGNAL


def answer_with_stacks() -> None:
    """From now on the signal makes this process write its stacks to stderr, unless somebody else uses it."""
    if signal.getsignal(STACKS_SIGNAL) is signal.SIG_DFL:
        faulthandler.register(STACKS_SIGNAL, file=sys.__stderr__ or 2, all_threads=True)
