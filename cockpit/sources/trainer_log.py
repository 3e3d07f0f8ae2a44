"""``trainer_log.jsonl`` of LLaMA-Factory: a JSON object per logging, with length, epoch and its own estimate."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from cockpit.domain.state import State
from cockpit.domain.text import counted
from cockpit.sources.growing import Lines
from cockpit.sources.rows import Rows, number, record, whole
from cockpit.sources.source import Found, News, Tail, Told

_NAME = "trainer_log.jsonl"
_NO_METRICS = {"current_steps", "total_steps", "epoch", "percentage", "elapsed_time", "remaining_time"}
_SPAN = re.compile(r"(?:(\d+) days?, )?(\d+):(\d\d):(\d\d)")  # str(datetime.timedelta)


class TrainerLog:
    """Files called ``trainer_log.jsonl``."""

    name = "LLaMA-Factory"

    def runs(self, path: Path) -> Iterable[Found]:
        """The file itself."""
        return (Found(path),) if path.name == _NAME else ()

    def open(self, found: Found) -> Tail:
        """Begin to read it."""
        return TrainerLogTail(found.path)


class TrainerLogTail:
    """Follows one file."""

    def __init__(self, path: Path) -> None:
        self._lines, self._folders = Lines(path), (path.parent,)
        self._last: Mapping[str, Any] = {}
        self._bad = 0

    def poll(self) -> News:
        """The lines that were added."""
        lines, restarted, more = self._lines.read()
        if restarted:
            self._last, self._bad = {}, 0
        found = []
        for line in lines:
            entry = record(line)
            if entry is None or whole(entry.get("current_steps")) is None:
                self._bad += bool(line.strip())
            else:
                found.append(entry)
        rows = Rows()
        for entry, time in zip(found, _times(found, math.nan if more else self._lines.file.changed), strict=True):
            step, epoch = whole(entry["current_steps"]) or 0, whole(entry.get("epoch"))
            for name, value in entry.items():
                if name not in _NO_METRICS and (figure := number(value)) is not None:
                    rows.add(name, step, time, figure, epoch)
        self._last = found[-1] if found else self._last
        return News(rows.items(), self._told(), restarted, more)

    def _told(self) -> Told:
        last = self._last
        step, total, epoch = (whole(last.get(name)) for name in ("current_steps", "total_steps", "epoch"))
        through = step is not None and total is not None and 0 < total <= step
        return Told(
            step=step,
            steps_total=total,
            epoch=epoch,
            seconds_left=None if through else _seconds(last.get("remaining_time")),
            ended=(State.FINISHED, f"its log holds all {counted(total, 'step')}") if through else None,
            changed=self._lines.file.changed,
            bad=self._bad + self._lines.bad,
            folders=self._folders,
        )


def _times(entries: Sequence[Mapping[str, Any]], changed: float | None) -> list[float]:
    """When each was written, the last one when the file last changed; NaN where its own clock does not tell.

    That clock has whole seconds: what was written in one is spread over it.
    """
    clock = [_seconds(entry.get("elapsed_time")) for entry in entries]
    told = [seconds for second, alike in groupby(clock) for seconds in _spread(second, len(list(alike)))]
    times, last = [], math.nan if changed is None else changed
    for index, seconds in reversed(list(enumerate(told))):
        after = told[index + 1] if index + 1 < len(told) else seconds
        last -= after - seconds if after >= seconds or index + 1 == len(told) else math.nan
        times.append(last)
    return times[::-1]


def _spread(second: float | None, count: int) -> list[float]:
    return [math.nan if second is None else second + index / count for index in range(count)]


def _seconds(text: object) -> float | None:
    """``1 day, 2:03:04`` in seconds."""
    found = _SPAN.fullmatch(text) if isinstance(text, str) and len(text) < 40 else None
    if found is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
