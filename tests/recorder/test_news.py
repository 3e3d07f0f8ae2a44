"""What a tracker is told of the criteria: each change once, none too often, at a bounded cost."""

import itertools
from types import SimpleNamespace

import pytest
from support.fits import new_run

from cockpit.domain.criteria import BAD, EARLY, OK, WARN, Criterion
from cockpit.recorder import news
from cockpit.runs.notes import append_note

HOUR, DAY = 3600.0, 86400.0


class TensorBoardLogger:
    """Takes words, and keeps when."""

    def __init__(self, now):
        self.told, self.experiment = [], self
        self._now = now

    def add_text(self, tag, text, step):
        self.told.append((self._now[0], tag, text, step))

    def flush(self):
        """There is nothing to wait for."""

    def of(self, key):
        return [(at, text.partition(":")[0]) for at, tag, text, _ in self.told if tag == f"cockpit/criteria/{key}"]


class Reader:
    """Finds what it is told to find, and takes its time."""

    def __init__(self, now):
        self.status, self.cost, self.polls = {}, 0.0, []
        self._now = now

    def poll(self):
        self.polls.append(self._now[0])
        self._now[0] += self.cost
        found = [Criterion(key, key, key, status, "", ("evidence",)) for key, status in self.status.items()]
        return SimpleNamespace(criteria=tuple(found))


@pytest.fixture
def place(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(news.time, "monotonic", lambda: now[0])
    reader, logger = Reader(now), TensorBoardLogger(now)
    monkeypatch.setattr(news, "RunReader", lambda run: reader)
    run = new_run(tmp_path / "2026-11-24T1200-tiny-0001")
    told = news.News(run, [logger])

    def go_on(until, status=None, every=1.0):
        while now[0] < until:
            now[0] += every
            reader.status |= status(now[0]) if status else {}
            told.after_step(int(now[0]))

    return SimpleNamespace(reader=reader, logger=logger, go_on=go_on, news=told, run=run)


def test_a_verdict_is_told_when_it_is_another(place):
    place.go_on(600, lambda at: {"gradients": EARLY if at < 100 else OK if at < 300 else BAD, "memory": OK})
    assert [status for _, status in place.logger.of("gradients")] == [OK, BAD]
    first, second = (at for at, _ in place.logger.of("gradients"))
    assert (100 <= first <= 135, 300 <= second <= 335) == (True, True)
    assert [status for _, status in place.logger.of("memory")] == [OK]
    place.news.end(600)
    assert [status for _, status in place.logger.of("memory")] == [OK, OK]
    assert place.logger.told[-1][3] == 600


def test_what_comes_and_goes_is_told_ever_more_rarely(place):
    place.go_on(DAY, lambda at: {"metrics": WARN if at // 40 % 2 else OK}, every=5.0)
    told = place.logger.of("metrics")
    assert 10 < len(told) <= 6 + DAY / HOUR + 1
    assert all(one[1] != other[1] for one, other in itertools.pairwise(told))
    last, before = told[-1][0], told[-2][0]
    assert last - before >= HOUR


def test_judging_takes_a_thousandth_of_the_time_at_most(place):
    place.reader.cost = 0.01
    place.go_on(300)
    assert len(place.reader.polls) == pytest.approx(300 / 30, abs=1)
    place.reader.cost = 2.0
    before = len(place.reader.polls)
    place.go_on(300 + 3 * 2000)
    assert 2 <= len(place.reader.polls) - before <= 4


def test_notes_of_one_step_do_not_take_each_others_place(place):
    append_note(place.run, 7, "one")
    place.go_on(5)
    append_note(place.run, 7, "two")
    append_note(place.run, 8, "three")
    place.go_on(10)
    notes = [(text, step) for _, tag, text, step in place.logger.told if tag == "cockpit/note"]
    last = {step: text for text, step in notes}
    assert len(notes) == 3
    assert ("one" in last[7], "two" in last[7], "three" in last[8]) == (True, True, True)


def test_without_a_tracker_that_takes_words_nobody_judges(tmp_path, monkeypatch):
    def never(run):
        return SimpleNamespace(poll=lambda: pytest.fail("judged for nobody"))

    monkeypatch.setattr(news, "RunReader", never)
    monkeypatch.setattr(news, "_LOOK_EVERY", 0.0)
    monkeypatch.setattr(news, "_JUDGE_EVERY", 0.0)
    told = news.News(new_run(tmp_path / "2026-11-24T1200-tiny-0001"), [object()])
    told.after_step(1)
    told.end(2)
