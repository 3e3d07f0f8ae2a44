"""A run that somebody else records, followed: what its format tells becomes a ``RunState`` like any other.

Nothing is guessed from silence: such a run is *watched*, with the age of its last record, unless its format says that
it ended.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

from cockpit.domain import eta
from cockpit.domain.criteria import Criterion, summary
from cockpit.domain.criteria.rules import judge
from cockpit.domain.curves import Curves, Judged, judged_by, pick
from cockpit.domain.run import Best, Checkpoint, Eta, RunState
from cockpit.domain.series import Series
from cockpit.domain.state import State
from cockpit.domain.text import age, counted
from cockpit.domain.timeline import Laid, Points, Rewind, Timeline
from cockpit.domain.trouble import Trouble
from cockpit.domain.trouble.rules import troubles
from cockpit.domain.vitals import Conditions, Origin, Vitals
from cockpit.sources.beside import Beside
from cockpit.sources.course import Course
from cockpit.sources.origin import with_files
from cockpit.sources.source import Found, News, Source, Told

_MOST_TAGS = 5_000
_FIRST_STEP = -(2**63)  # that an int64 can be


class WatchedRun:
    """Follows one run of another tool.

    Args:
        source: its format.
        found: where it lies.
        name: what to call it where the format gives it no name.
        run_id: unique among those watched.
        series: keep whole series, or only the latest values, for lists and scripts.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        source: Source,
        found: Found,
        name: str,
        run_id: str,
        *,
        series: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.id, self.path = run_id, found.path
        self.more = True  # whether a look may find more at once
        self._format, self._name, self._keeps, self._clock = source.name, name, series, clock
        self._tail = source.open(found)
        self._told = Told()
        self._begun: float | None = None
        self._failed = ""
        self._beside, self._origin = Beside(), Origin()
        self._looks = 0  # that brought something
        self._seen: object = None  # what the last verdicts are of
        self._criteria: tuple[Criterion, ...] = ()
        self._troubles: tuple[Trouble, ...] = ()
        self._begin()

    def _begin(self) -> None:
        self._series: dict[str, Series] = {}
        self._latest: dict[str, tuple[int, float, float]] = {}  # step, time, value
        self._course = Course()
        self._timeline, self._dropped = Timeline(), 0
        self._tags: set[str] = set()

    def read(self) -> None:
        """Take in a piece of what is new."""
        try:
            news = self._tail.poll() if not self._failed else News(told=self._told)
        except OSError:
            self.more = False
            return
        except Exception as error:  # a plug-in of somebody else must not close the cockpit
            self._failed = f"its plug-in failed: {error!r}"
            self.more = False
            return
        if news.restarted:
            self._begin()
        for laid in self._timeline.take(
            item for item in news.items if isinstance(item, Rewind) or self._has_room(item)
        ):
            self._take(laid)
        if news.items or news.restarted or news.told != self._told:
            self._looks += 1
            self._origin = with_files(news.told.origin, news.told.folders)
        self._told, self.more = news.told, news.more
        if self._begun is None:
            firsts = [float(i.times[0]) for i in news.items if isinstance(i, Points) and len(i.times)]
            told = news.told.begun if news.told.begun is not None else math.nan
            finite = filter(math.isfinite, (told, *firsts))
            self._begun = next(finite, None) if math.isfinite(told) else min(finite, default=news.told.changed)

    @property
    def begun(self) -> float:
        """When it did, as far as is known; it does not change once something was read."""
        return self._begun or 0.0

    def _has_room(self, points: Points) -> bool:
        """Whether its tag is kept."""
        kept = points.tag in self._tags or len(self._tags) < _MOST_TAGS
        if kept:
            self._tags.add(points.tag)
        self._dropped += not kept
        return kept

    def _take(self, laid: Laid) -> None:
        tag, steps, times, values = laid.tag, laid.steps, laid.times, laid.values
        if laid.back_to is not None:
            self._forget(tag, laid.back_to)
        if not len(steps):
            return
        self._latest[tag] = int(steps[-1]), float(times[-1]), float(values[-1])
        self._course.take(tag, steps, times, values)
        if self._keeps:
            self._series.setdefault(tag, Series()).extend(steps, times, values)

    def _forget(self, tag: str, step: int) -> None:
        """The points of a tag at ``step`` and beyond."""
        self._course.forget(tag, step)
        if tag in self._series:
            self._series[tag].truncate_after(max(step - 1, _FIRST_STEP))
        view = self._series[tag].view() if tag in self._series else None
        if view is not None and len(view.steps):
            known = float(view.recent_times[-1]) if len(view.recent_times) else math.nan
            self._latest[tag] = int(view.steps[-1]), known, float(view.values[-1])
        else:
            self._latest.pop(tag, None)

    # -- telling ------------------------------------------------------------------------------------------

    def state(self) -> RunState:
        """What is known now; judged once everything that is there has been read."""
        look = self._look()
        if self.more:
            return look
        seen = self._looks, look.checkpoints, look.goes_on
        if self._seen != seen or self._keeps:
            self._seen, self._criteria, self._troubles = seen, judge(look), troubles(look)
        return dataclasses.replace(
            look,
            vitals=look.vitals if self._keeps else Vitals(),
            criteria=self._criteria,
            troubles=self._troubles,
            verdict=summary(self._criteria),
        )

    def _look(self) -> RunState:
        told, now = self._told, self._clock()
        curves, views = pick(self._latest), {tag: series.view() for tag, series in self._series.items()}
        times = [time for _, time, _ in self._latest.values() if math.isfinite(time)]
        last = max(times, default=told.changed)
        began = self._begun if times or told.begun is not None else None
        state, evidence = self._tell(now, last)
        train = self._course.of(curves.train)
        pace, apart = (train.pace(), train.interval()) if train else (None, None)
        if pace is None and told.reached:
            pace, apart = _reached(told.reached)
        steps = [step for step, _, _ in self._latest.values()]
        counted = told.step is not None and not self._timeline.line.restarts  # else its counter is that of an epoch
        step = told.step if counted else self._step(curves, steps)
        ended = state is not State.WATCHED
        checkpoints = self._beside.look(told.folders)
        nonfinite = self._course.nonfinite()
        return RunState(
            id=self.id,
            name=self._told.name or self._name,
            path=str(self.path),
            launch=None,
            state=state,
            evidence=evidence,
            updated=now,
            started=began,
            ended=last if ended else None,
            active_seconds=last - began if began is not None and last is not None else None,
            step=step,
            steps_total=told.steps_total,
            epoch=told.epoch,
            epochs_total=told.epochs_total,
            steps_per_second=1 / pace[1] if pace and pace[1] > 0 else None,
            step_seconds=pace,
            eta=Eta(None, reason=str(state)) if ended else self._eta(now, step, last, pace, apart),
            loss_train=self._value(curves.train),
            loss_val=self._value(curves.val),
            learning_rate=self._value(curves.rate),
            grad_norm=self._value(curves.norm),
            best=self._best(curves),
            metrics={tag: value for tag, (_, _, value) in self._latest.items()},
            checkpoints=checkpoints,
            last_checkpoint=checkpoints[0].path if checkpoints else None,
            nonfinite=nonfinite,
            nonfinite_count=len(nonfinite),
            seed=self._origin.seed,
            guarantee=("unknown", "it is only watched"),
            bad_records=told.bad,
            series=views,
            vitals=self._vitals(curves, began, last, checkpoints),
        )

    def _vitals(
        self, curves: Curves, began: float | None, last: float | None, checkpoints: tuple[Checkpoint, ...]
    ) -> Vitals:
        """What it is judged by, as far as its records tell; nothing before the first of them."""
        if not self._latest:
            return Vitals()
        saved = [checkpoint.time for checkpoint in checkpoints if checkpoint.time is not None]
        between = (saved[0] - saved[-1]) / (len(saved) - 1) if len(saved) > 1 else None
        told = self._course.vitals(curves, self._metric())
        return dataclasses.replace(
            told,
            recorder=self._format,
            conditions=Conditions(begun=began),
            origin=self._origin,
            memory=self._told.memory,
            last_point=last,
            pace=told.pace or between,
        )

    def _metric(self) -> Judged | None:
        """The metric that its records say it is judged by, else the usual one."""
        best = self._told.best
        if best is not None and best.metric in self._latest:
            return Judged(best.metric, best.mode != "max")
        return judged_by(self._latest)

    def _tell(self, now: float, last: float | None) -> tuple[State, str]:
        told = self._told
        if told.ended is not None:
            state, evidence = told.ended
        else:
            since = f"last record {age(now - last)}" if last is not None else "no record yet"
            state, evidence = State.WATCHED, f"{self._format}, {since}" + ("; still reading" if self.more else "")
        told_too = [*told.notes, *([self._failed] if self._failed else [])]
        if told.bad:
            told_too.append(f"{counted(told.bad, 'record')} could not be read")
        told_too += self._timeline.line.told
        if self._dropped:
            told_too.append(f"only {_MOST_TAGS:,} tags are kept")
        return state, "; ".join([evidence, *told_too])

    def _step(self, curves: Curves, steps: list[int]) -> int | None:
        if curves.train is not None:
            return self._latest[curves.train][0]
        return max(steps, default=None)

    def _value(self, tag: str | None) -> float | None:
        return self._latest[tag][2] if tag is not None and tag in self._latest else None

    def _best(self, curves: Curves) -> Best | None:
        val = Judged(curves.val, True) if curves.val else None
        return self._told.best or self._course.best(self._metric()) or self._course.best(val)

    def _eta(self, now: float, step: int | None, last: float | None, pace: eta.Pace | None, apart: float | None) -> Eta:
        total = None if self._timeline.line.restarts else self._told.steps_total  # it may be that of an epoch
        return eta.of_records(
            step=step, steps_total=total, pace=pace, said=self._told.seconds_left, last=last, apart=apart, now=now,
            source=self._format,
        )  # fmt: skip


def _reached(reached: Sequence[tuple[int, float]]) -> tuple[eta.Pace | None, float | None]:
    """Seconds a step takes, and those from one to the next."""
    spent = [later[1] - earlier[1] for earlier, later in pairwise(reached)]
    steps = [later[0] - earlier[0] for earlier, later in pairwise(reached)]
    paces = [seconds / count for seconds, count in zip(spent, steps, strict=True)]
    return eta.pace(paces), statistics.median(spent) if spent else None
