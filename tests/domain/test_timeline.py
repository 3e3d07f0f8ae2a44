"""Counters that go back: what was redone is shown once, epochs are shown one after another, on recorded sequences."""

import math

import numpy as np
import pytest

from cockpit.domain.timeline import Points, Rewind, Timeline

ALL = 10**9


class Seen:
    """What a person would see of records, laid in looks of some size.

    A record is (tag, step), or with further words: epoch=..., session=...
    """

    def __init__(self):
        self.timeline, self.points, self.count = Timeline(), {}, 0

    def take(self, records, size=ALL):
        for start in range(0, len(records), size):
            self._look(records[start : start + size])
        return self

    def _look(self, records):
        groups = []
        for tag, step, *more in records:
            told = more[0] if more else {}
            if not groups or groups[-1][0] != told.get("session"):
                groups.append((told.get("session"), {}))
            groups[-1][1].setdefault(tag, []).append((step, self.count, told.get("epoch", math.nan)))
            self.count += 1
        items = [points(tag, rows, session) for session, group in groups for tag, rows in group.items()]
        self.lay(items)

    def lay(self, items):
        for laid in self.timeline.take(items):
            mine = self.points.setdefault(laid.tag, [])
            if laid.back_to is not None:
                mine[:] = [point for point in mine if point[0] < laid.back_to]
            mine += zip(laid.steps.tolist(), laid.values.tolist(), strict=True)

    def steps(self, tag="loss"):
        return [step for step, _ in self.points[tag]]


def points(tag, rows, session=None):
    steps, order, epochs = (np.array(column) for column in zip(*rows, strict=True))
    told = epochs if np.isfinite(epochs).any() else None
    order = order.astype(float)
    return Points(tag, steps, np.full(len(steps), math.nan), order, order, told, session)


def epoch(length, number=None, tags=("loss",), first=0, every=1, **told):
    told = told if number is None else {**told, "epoch": number}
    return [(tag, step, told) for step in range(first, first + length, every) for tag in tags]


@pytest.fixture(params=[ALL, 1, 7, 100], ids=lambda size: f"looks-of-{size}")
def size(request):
    return request.param


def test_plain(size):
    seen = Seen().take(epoch(50), size)
    assert seen.steps() == list(range(50))
    assert seen.timeline.line.told == ()


def test_resumed_once(size):
    seen = Seen().take([*epoch(50), *epoch(40, first=20)], size)
    assert seen.points["loss"] == [(step, float(step if step < 20 else step + 30)) for step in range(60)]
    assert seen.timeline.line.told == ("steps went back once; what was redone is shown once",)


def test_resumed_twice_and_further_back(size):
    seen = Seen().take([*epoch(50), *epoch(40, first=20), *epoch(30, first=10)], size)
    assert seen.points["loss"] == [(step, float(step if step < 10 else step + 80)) for step in range(40)]
    assert seen.timeline.line.told == ("steps went back 2 times; what was redone is shown once",)


@pytest.mark.parametrize("first", [0, 1, 5])
def test_begun_again_with_each_epoch(size, first):
    seen = Seen().take(epoch(20, first=first) * 4, size)
    assert seen.steps() == list(range(first, first + 80))
    assert seen.timeline.line.told == (f"steps began again at {first} 3 times: taken for epochs, shown in a row",)


def test_epochs_of_unequal_length(size):
    seen = Seen().take([*epoch(20), *epoch(35), *epoch(8), *epoch(20)], size)
    assert seen.steps() == list(range(83))


def test_every_tenth_step_leaves_the_rest_of_an_epoch_its_room(size):
    seen = Seen().take(epoch(100, every=10) * 3, size)
    assert seen.steps() == list(range(0, 300, 10))


def test_one_return_to_the_first_step_may_be_an_epoch_or_another_training_and_is_said_so(size):
    seen = Seen().take(epoch(20) * 2, size)
    assert seen.steps() == list(range(40))
    assert seen.timeline.line.told == (
        "steps began again at 0 once: an epoch or another training, not known, shown in a row",
    )


def test_one_return_in_the_file_of_one_process_is_an_epoch(size):
    seen = Seen().take(epoch(20, session=3) * 2, size)
    assert seen.timeline.line.told == ("steps began again at 0 once: taken for epochs, shown in a row",)


def test_another_process_redoes_even_from_the_first_step(size):
    seen = Seen().take([*epoch(20, session=1), *epoch(30, session=2)], size)
    assert seen.points["loss"] == [(step, step + 20.0) for step in range(30)]
    assert seen.timeline.line.told == ("steps went back once; what was redone is shown once",)


# -- the number of the epoch beside the steps


def test_a_number_that_rises_makes_one_return_an_epoch(size):
    seen = Seen().take([*epoch(20, 0), *epoch(20, 1)], size)
    assert seen.steps() == list(range(40))
    assert seen.timeline.line.told == ("steps begin again at 0 with each epoch; 2 are shown in a row",)


def test_a_number_that_falls_says_where_training_went_on(size):
    records = [*epoch(20, 0), *epoch(20, 1), *epoch(13, 2), *epoch(20, 1), *epoch(20, 2), *epoch(20, 3)]
    seen = Seen().take(records, size)
    assert seen.points["loss"] == [(step, float(step if step < 20 else step + 33)) for step in range(80)]
    assert seen.timeline.line.told == (
        "steps begin again at 0 with each epoch; 4 are shown in a row",
        "steps went back once; what was redone is shown once",
    )


def test_a_number_that_stays_means_redone_in_that_epoch(size):
    seen = Seen().take([*epoch(20, 0), *epoch(13, 1), *epoch(20, 1), *epoch(20, 2)], size)
    assert seen.steps() == list(range(60))
    assert seen.timeline.line.redone == 1


def test_a_number_that_starts_over_is_another_training_and_redoes_all(size):
    seen = Seen().take([*epoch(20, 0), *epoch(20, 1), *epoch(30, 0)], size)
    assert seen.points["loss"] == [(step, step + 40.0) for step in range(30)]
    assert seen.timeline.line.told == ("steps went back once; what was redone is shown once",)


def test_a_number_that_rises_beside_steps_that_go_on_changes_nothing(size):
    seen = Seen().take([*epoch(20, 0), *epoch(20, 1, first=20), *epoch(20, 2, first=40)], size)
    assert seen.steps() == list(range(60))
    assert seen.timeline.line.told == ()


def test_a_tag_called_epoch_tells_it_too():
    """Every tenth batch of all epochs is logged, so that an epoch begins anywhere."""
    seen, nan = Seen(), math.nan
    logged = [(number, step) for number, first in [(0, 0), (1, 5), (2, 2)] for step in range(first, 100, 10)]
    steps, order = np.array([step for _, step in logged]), np.arange(2.0 * len(logged))
    numbers, times = np.array([float(number) for number, _ in logged]), np.full(len(logged), nan)
    seen.lay(
        [Points("train/epoch", steps, times, numbers, order[::2]), Points("loss", steps, times, times, order[1::2])]
    )
    begun = [0, 100, 200]  # no step of the others stood between the last one of an epoch and the first of the next
    assert seen.steps("loss") == seen.steps("train/epoch")
    assert seen.steps("loss") == [start + step for start in begun for step in range(0, 100, 10)]
    assert seen.timeline.line.restarts == 2


# -- tags of different cadence


def validated(epochs, step_of, length=20, **told):
    records = []
    for number in range(epochs):
        records += [*epoch(length, **told), ("val", step_of(number), told)]
    return records


def test_validation_at_the_last_step_of_each_epoch(size):
    seen = Seen().take(validated(3, lambda number: 19), size)
    assert seen.steps("loss") == list(range(60))
    assert seen.steps("val") == [19, 39, 59]


def test_validation_counted_by_epochs_lies_in_its_epoch(size):
    seen = Seen().take(validated(4, lambda number: number), size)
    assert seen.steps("val") == [0, 21, 42, 63]


def test_validation_that_counts_all_steps_keeps_its_own(size):
    seen = Seen().take(validated(4, lambda number: 20 * (number + 1)), size)
    assert seen.steps("loss") == list(range(80))
    assert seen.steps("val") == [20, 40, 60, 80]


def test_validation_of_epochs_of_unequal_length(size):
    records = []
    for length in (20, 30, 10, 25):
        records += [*epoch(length), ("val", length - 1)]
    seen = Seen().take(records, size)
    assert seen.steps("val") == [19, 49, 59, 84]
    assert seen.steps("loss") == list(range(85))


def test_tags_in_any_order_begin_the_same_epoch(size):
    records = []
    for _ in range(3):
        for step in range(20):
            records += [("lr", step), *([("loss", step)] if step % 5 == 0 else []), ("norm", step)]
    seen = Seen().take(records, size)
    assert seen.steps("lr") == seen.steps("norm") == list(range(60))
    assert seen.steps("loss") == list(range(0, 60, 5))
    assert seen.timeline.line.restarts == 2


def test_a_resume_takes_along_what_was_validated_beyond_it(size):
    records = [*epoch(351, tags=("loss", "lr"))]
    for step in (300, 200, 100):
        records.insert(2 * step + 2, ("val", step))
    records += epoch(60, first=201, tags=("loss", "lr"))
    seen = Seen().take(records, size)
    assert seen.steps("loss") == seen.steps("lr") == list(range(261))
    assert seen.steps("val") == [100, 200]
    seen.take([*epoch(60, first=261, tags=("loss", "lr")), ("val", 300)], size)
    assert seen.steps("val") == [100, 200, 300]
    assert seen.timeline.line.told == ("steps went back once; what was redone is shown once",)


def test_a_resume_from_before_the_first_validation_is_no_epoch_of_it(size):
    records = [*epoch(150), ("val", 100), *epoch(50, first=150), ("val", 200), *epoch(60, first=50), ("val", 100)]
    seen = Seen().take(records, size)
    assert seen.steps("loss") == list(range(110))
    assert seen.steps("val") == [100]
    assert seen.timeline.line.restarts == 0


def test_a_tag_that_goes_back_for_itself_takes_nothing_along(size):
    records = epoch(500)
    for _ in range(3):
        records += [("answers", step) for step in (0, 1, 2, 3, 2, 3, 4)]
    seen = Seen().take(records, size)
    assert seen.steps("loss") == list(range(500))


def test_begun_again_and_resumed_in_the_last_epoch(size):
    records = [*epoch(20, session=1) * 3, *epoch(13, session=1), *epoch(20, session=2), *epoch(20, session=2)]
    seen = Seen().take(records, size)
    assert seen.steps() == list(range(100))
    assert seen.timeline.line.told[-1] == "in which epoch it went on cannot be known, taken to be the last"


def test_what_the_format_calls_a_session_rewinds_every_tag(size):
    seen = Seen().take([*epoch(30, tags=("loss", "val"))], size)
    seen._look([("loss", 30)])
    back = seen.timeline.take([Rewind(12)])
    assert {laid.tag: laid.back_to for laid in back} == {"loss": 12, "val": 12}
    assert seen.timeline.line.redone == 1


def test_a_rerun_of_the_same_command_is_another_process(size):
    seen = Seen().take(epoch(20), size)
    seen.timeline.resumed()
    seen.take(epoch(25), size)
    assert seen.points["loss"] == [(step, step + 20.0) for step in range(25)]


def test_the_longest_steps_there_can_be_do_not_break_it(size):
    steps = [2**63 - 1, -(2**63), 2**63 - 1, 0, -(2**63), 5]
    seen = Seen().take([("loss", step) for step in steps], size)
    assert seen.steps() == sorted(seen.steps())


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_the_line_never_goes_back_and_the_last_value_is_there(seed, size):
    random = np.random.default_rng(seed)
    records = [(f"tag {random.integers(3)}", int(step)) for step in random.integers(0, 12, 300)]
    seen = Seen().take(records, size)
    for tag in seen.points:
        steps = seen.steps(tag)
        assert steps == sorted(steps)
    assert seen.points[records[-1][0]][-1][1] == 299
