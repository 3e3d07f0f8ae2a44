"""One file that a script writes by itself: gives what is not recorded yet, even where the script tells it all again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cockpit.domain.line import Line
from cockpit.domain.series import Floats, Ints
from cockpit.domain.timeline import Laid, Timeline, forgotten
from cockpit.sources.source import Found, News, Source, Told

Recorded = Mapping[str, tuple[Ints, Floats]]  # steps and values of each of its tags, as they were recorded


@dataclass(slots=True)
class _Replay:
    """A tag that is told again from its first point on."""

    steps: Ints
    values: Floats
    at: int = 0  # points that were told again so far


class TailedFile:
    """Follows one file.

    Args:
        source: its format.
        found: where it lies.
        place: the same, as the journal names it.
        recorded: gives what was recorded of it so far.
        line: what earlier attempts have left of the line of steps.
    """

    def __init__(self, source: Source, found: Found, place: str, recorded: Callable[[], Recorded], line: Line) -> None:
        self.format, self.path, self.place = source.name, found.path, place
        self.told = Told()
        self.more = False  # whether the next look may find more at once
        self._tail = source.open(found)
        self._recorded = recorded
        self._begin(line)

    @property
    def line(self) -> Line:
        """What happened to its counter of steps."""
        return self._timeline.line

    def resumed(self) -> None:
        """What follows is written by another attempt."""
        self._timeline.resumed()

    def poll(self) -> list[Laid]:
        """What is new, by tag.

        Raises:
            OSError: it cannot be read now.
        """
        news = self._tail.poll()
        self.told, self.more = news.told, news.more
        if news.restarted:
            self._begin(self._timeline.line, corrected=news.corrected)
        laid = self._lay(news)
        fresh = [new for each in laid if (new := self._unrecorded(each)) is not None]
        return fresh if news.items or news.more else [*fresh, *self._shorter()]

    def _begin(self, line: Line, *, corrected: bool = False) -> None:
        self._corrected = corrected
        self._replay = {tag: _Replay(*points) for tag, points in self._recorded().items()}
        self._left, self._first = line, bool(self._replay)
        self.carried = not self._replay and line != Line()  # the line goes on from that of another file
        self._timeline = Timeline(line if self.carried else None)

    def _lay(self, news: News) -> list[Laid]:
        laid = self._timeline.take(news.items)
        if self._first and laid:
            self._first = False
            if not any(self._begins_alike(each) for each in laid):  # it holds only what came later
                self._timeline, self.carried = Timeline(self._left), self._left != Line()
                laid = self._timeline.take(news.items)
        return laid

    def _begins_alike(self, laid: Laid) -> bool:
        replay = self._replay.get(laid.tag)
        return replay is not None and bool(len(laid.steps)) and _alike(laid.steps[:1], laid.values[:1], replay, 0) == 1

    def _unrecorded(self, laid: Laid) -> Laid | None:
        """What of it is not recorded."""
        replay, (tag, back_to, steps, times, values) = self._replay.get(laid.tag), laid
        if replay is None:
            return laid
        if back_to is not None:
            replay.at = min(replay.at, int(np.searchsorted(replay.steps, back_to)))
        same = _alike(steps, values, replay, replay.at)
        replay.at += same
        if same == len(steps):
            return None
        del self._replay[tag]
        if replay.at < len(replay.steps):  # from here on it is another
            first = int(replay.steps[replay.at])
            later = replay.at == 0 and not self._corrected  # it need not hold what was before
            back_to = int(steps[same]) if later else min(first, int(steps[same]))
            same = int(np.searchsorted(steps[:same], back_to))
        elif same:
            back_to = None
        return Laid(tag, back_to, steps[same:], times[same:], values[same:])

    def _shorter(self) -> list[Laid]:
        """What a file no longer holds that was written anew, and is at rest before it has come to where it was."""
        short = {tag: replay for tag, replay in self._replay.items() if 0 < replay.at < len(replay.steps)}
        for tag in short:
            del self._replay[tag]
        return [forgotten(tag, int(replay.steps[replay.at])) for tag, replay in short.items()]


def _alike(steps: Ints, values: Floats, replay: _Replay, at: int) -> int:
    """How many points are those that were recorded from ``at`` on."""
    end = min(len(steps), len(replay.steps) - at)
    left, right = values[:end], replay.values[at : at + end]
    equal = (steps[:end] == replay.steps[at : at + end]) & ((left == right) | (np.isnan(left) & np.isnan(right)))
    return end if equal.all() else int(np.argmin(equal))
