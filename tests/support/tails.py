"""Reading a tail to its end."""

import numpy as np

from cockpit.sources.source import Found, Points, Rewind
from cockpit.sources.watched import WatchedRun


class Reader:
    """Everything a tail has given so far, tag by tag."""

    def __init__(self, tail):
        self.tail, self.points, self.told, self.restarts, self.rewinds = tail, {}, None, 0, []

    def read(self):
        while True:
            news = self.tail.poll()
            if news.restarted:
                self.points.clear()
                self.restarts += 1
            for item in news.items:
                if isinstance(item, Rewind):
                    self.rewinds.append(item.step)
                else:
                    assert isinstance(item, Points)
                    assert len(item.steps) == len(item.times) == len(item.values) > 0
                    self.points.setdefault(item.tag, []).extend(
                        zip(item.steps.tolist(), item.times.tolist(), item.values.tolist(), strict=True)
                    )
            self.told = news.told
            if not news.more:
                return self

    def steps(self, tag):
        return [step for step, _, _ in self.points.get(tag, ())]

    def values(self, tag):
        return [value for _, _, value in self.points.get(tag, ())]


def read(source, path):
    """The one run that a file belongs to, read to its end."""
    (found,) = source.runs(path)
    return Reader(source.open(found)).read()


def watched(source, path, *, series=True, now=1100.0):
    """The same as a run that can be shown."""
    (found,) = source.runs(path)
    return WatchedRun(source, Found(*found), "a run", "a-run-1", series=series, clock=lambda: now)


def state_of(run):
    run.read()
    while run.more:
        run.read()
    return run.state()


def same(left, right):
    return np.array_equal(np.asarray(left, np.float32), np.asarray(right, np.float32), equal_nan=True)
