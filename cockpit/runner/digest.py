"""Sums up the followed curves as they grow, and writes that down for whoever judges the run."""

from __future__ import annotations

import math
import time
from contextlib import suppress

from cockpit.domain.curves import judged_by, pick
from cockpit.runs.journal import JournalTail
from cockpit.runs.layout import RunPaths
from cockpit.runs.scalar_tail import Tail
from cockpit.runs.tailed_course import TailedCourse, write_course
from cockpit.runs.tailed_fold import TailedFold
from cockpit.sources.course import Course, Recent

_EVERY = 5.0  # seconds between two documents


class Digest:
    """Reads back what was followed in a run, also in its earlier attempts.

    Args:
        run: the run directory.
    """

    def __init__(self, run: RunPaths) -> None:
        self._run, self._fold, self._course = run, TailedFold(), Course()
        self._journal = JournalTail(run.tailed_journal)
        self._points = Tail(run.tailed, self._curve)
        self._told, self._due = -math.inf, False

    def read(self, *, last: bool = False) -> None:
        """Take in what is new; written now and then, and at the last look."""
        for event in self._journal.poll()[0]:
            self._fold.apply(event)
        self._due |= self._points.poll()
        if self._due and (last or time.monotonic() - self._told >= _EVERY):
            self._told = time.monotonic()
            with suppress(OSError):  # a full disk, for as long as it is
                write_course(self._run, self.course())
                self._due = False

    def course(self) -> TailedCourse:
        """What it comes to so far."""
        names = self._fold.tags.values()
        judged = judged_by(names)
        vitals = self._course.vitals(pick(names), judged)
        return TailedCourse(vitals, self._course.nonfinite(), self._course.best(judged))

    def _curve(self, tag: int) -> Recent:
        return self._course.curve(self._fold.tags.get(tag, ""))
