"""What people and the cockpit say of a training, passed on to its trackers: notes, changes, and how it is judged."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from cockpit.domain.criteria import EARLY, Criterion
from cockpit.domain.marks import mark_text
from cockpit.recorder.trackers import tell, tellable
from cockpit.runs.journal import JournalTail
from cockpit.runs.layout import RunPaths
from cockpit.runs.marks import Marks
from cockpit.runs.reader import RunReader

_LOOK_EVERY = 2.0  # seconds
_JUDGE_EVERY, _SHARE = 30.0, 0.001  # seconds; share of the time that judging may take
_REST, _LONGEST_REST = 60.0, 3600.0  # seconds until a criterion may change again in a tracker, twice as long each time


@dataclass(frozen=True, slots=True)
class _Told:
    """What a tracker has of a criterion."""

    status: str
    rest: float  # seconds until it may change there
    until: float  # monotonic seconds


class News:
    """Looks for what is new in the run directory, and tells it; nothing where no tracker takes words.

    Args:
        run: whose news.
        loggers: of the training: Lightning's, or transformers' callbacks.
    """

    def __init__(self, run: RunPaths, loggers: list[Any]) -> None:
        self._loggers = [logger for logger in loggers if tellable(logger)]
        self._journal, self._marks, self._reader = JournalTail(run.journal), Marks(run), RunReader(run)
        self._told: dict[tuple[str, int], str] = {}  # a resume tells all again: what a tracker has, it replaces
        self._criteria: dict[str, _Told] = {}
        self._looked = time.monotonic()
        self._judge_at = self._looked + _JUDGE_EVERY

    def after_step(self, step: int) -> None:
        """Tell what is new since the last look, if it is time for another."""
        now = time.monotonic()
        if not self._loggers or now - self._looked < _LOOK_EVERY:
            return
        self._looked = now
        self._tell_marks()
        if now >= self._judge_at:
            began = time.monotonic()
            found = self._reader.poll().criteria
            self._judge_at = now + max(_JUDGE_EVERY, (time.monotonic() - began) / _SHARE)
            for criterion in found:
                self._tell_if_changed(criterion, step, now)

    def end(self, step: int) -> None:
        """Tell what is left, and the six criteria as they stand at the end."""
        if not self._loggers:
            return
        self._tell_marks()
        for criterion in self._reader.poll().criteria:
            self._tell_criterion(criterion, step)

    def _tell_if_changed(self, criterion: Criterion, step: int, now: float) -> None:
        """A criterion that comes and goes is told ever more rarely: trackers keep each of its words."""
        told = self._criteria.get(criterion.key)
        if criterion.status == (told.status if told else EARLY) or (told and now < told.until):
            return
        rest = min(_LONGEST_REST, told.rest * 2) if told else _REST
        self._criteria[criterion.key] = _Told(criterion.status, rest, now + rest)
        self._tell_criterion(criterion, step)

    def _tell_criterion(self, criterion: Criterion, step: int) -> None:
        text = f"{criterion.status}: {'; '.join(criterion.evidence)}"
        tell(self._loggers, f"criteria/{criterion.key}", text, step)

    def _tell_marks(self) -> None:
        """Those of one kind and step together: a tracker has one place for them."""
        for event in self._journal.poll()[0]:
            self._marks.apply(event)
        found: dict[tuple[str, int], list[str]] = {}
        for mark in self._marks.poll():
            found.setdefault((mark.kind, mark.step), []).append(mark_text(mark))
        for (kind, step), texts in found.items():
            if self._told.get((kind, step)) != (text := "\n".join(texts)):
                self._told[kind, step] = text
                tell(self._loggers, kind, text, step)
