"""``tailed.json``: what a followed run is judged by; the runner makes it from tailed.bin.

tailed.bin grows with the run and this document does not: a list of many runs reads a few kilobytes of each.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

from cockpit.domain.run import SCHEMA, Best, NonFinite
from cockpit.domain.vitals import Vitals
from cockpit.runs.atomic import write_atomic
from cockpit.runs.journal import plain, read_number
from cockpit.runs.layout import RunPaths


@dataclass(frozen=True, slots=True)
class TailedCourse:
    """What the followed curves of a run come to."""

    vitals: Vitals = field(default_factory=Vitals)  # only what curves tell
    nonfinite: tuple[NonFinite, ...] = ()  # the first few, oldest first
    best: Best | None = None


def write_course(run: RunPaths, course: TailedCourse) -> None:
    """Replace the document.

    Raises:
        OSError: it cannot be written.
    """
    told, best = course.vitals, course.best
    record = {
        "schema": SCHEMA, "losses": told.losses, "loss_start": told.loss_start, "norms": told.norms,
        "metric": told.metric, "validations": told.validations, "validation_times": told.validation_times,
        "lower_is_better": told.lower_is_better, "pace": told.pace, "last_point": told.last_point,
        "nonfinite": [[each.step, each.what, each.time] for each in course.nonfinite],
        "best": best and [best.metric, best.value, best.step],
    }  # fmt: skip
    write_atomic(run.course, json.dumps(plain(record), separators=(",", ":"), allow_nan=False) + "\n")


class CourseReader:
    """Reads the document of one run again when it was replaced."""

    def __init__(self, run: RunPaths) -> None:
        self._path = run.course
        self._seen: object = None
        self._course = TailedCourse()

    def read(self) -> TailedCourse:
        """What it says; nothing where it is not there, or is none."""
        try:
            status = os.stat(self._path)
            seen = status.st_ino, status.st_mtime_ns, status.st_size
            if seen != self._seen:
                self._seen, self._course = seen, _course(json.loads(self._path.read_bytes()))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._course = TailedCourse()
        return self._course


def _course(record: dict[str, Any]) -> TailedCourse:
    if record["schema"] != SCHEMA:
        return TailedCourse()
    lower = record["lower_is_better"] is not False
    best = record["best"]
    vitals = Vitals(
        losses=_curve(record["losses"]),
        loss_start=read_number(record["loss_start"]),
        norms=_curve(record["norms"]),
        metric=str(record["metric"]),
        validations=_curve(record["validations"]),
        validation_times=tuple(float(time) for time in record["validation_times"]),
        lower_is_better=lower,
        pace=read_number(record["pace"]),
        last_point=read_number(record["last_point"]),
    )
    nonfinite = tuple(NonFinite(int(step), str(what), read_number(time)) for step, what, time in record["nonfinite"])
    mode = "min" if lower else "max"
    return TailedCourse(vitals, nonfinite, best and Best(str(best[0]), float(best[1]), int(best[2]), mode=mode))


def _curve(points: list[Any]) -> tuple[tuple[int, float], ...]:
    return tuple((int(step), float(value)) for step, value in points)
