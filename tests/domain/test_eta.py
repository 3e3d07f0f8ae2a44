"""ETA: from the run's own steps, without its pauses, with a range."""

import pytest

from cockpit.domain import eta


def test_intervals_leave_breaks_out():
    times = [0.0, 1.0, 2.0, 12.0, 13.0]
    assert eta.step_intervals(times, [(2.1, 11.5)]) == [1.0, 1.0, 1.0]


def test_the_first_steps_after_a_start_are_left_out():
    times = [float(t) for t in range(60)]
    assert len(eta.step_intervals(times, [], begun=0.0)) == 59 - eta.WARM_UP


def test_time_left_counts_steps_validations_and_saves():
    inputs = eta.EtaInputs(
        step=100, steps_total=300, intervals=(0.9, 1.0, 1.0, 1.0, 1.1), validate_every=100, validation_seconds=(10.0,),
        checkpoint_every=50, checkpoint_seconds=(2.0,),
    )  # fmt: skip
    got = eta.estimate(inputs)
    assert got.seconds == pytest.approx(200 * 1.0 + 2 * 10 + 4 * 2)
    assert got.low <= got.seconds <= got.high


def test_early_stopping_makes_it_at_most():
    inputs = eta.EtaInputs(step=0, steps_total=10, intervals=(1.0,) * 9, early_stopping=True)
    assert eta.estimate(inputs).at_most


def test_a_time_limit_caps_it():
    inputs = eta.EtaInputs(step=0, steps_total=1000, intervals=(1.0,) * 9, max_seconds=100, elapsed=40)
    assert eta.estimate(inputs).seconds == 60


@pytest.mark.parametrize(
    ("total", "intervals", "why"), [(None, (1.0,) * 9, "length unknown"), (9, (1.0,), "4 more steps")]
)
def test_where_there_is_none_it_says_why(total, intervals, why):
    got = eta.estimate(eta.EtaInputs(step=0, steps_total=total, intervals=intervals))
    assert got.seconds is None
    assert why in got.reason


def of_records(**changes):
    known = {"step": 100, "steps_total": 400, "pace": (0.9, 1.0, 1.2), "said": None, "last": 995.0, "apart": 10.0,
             "now": 1000.0, "source": "metrics.csv"}  # fmt: skip
    return eta.of_records(**known | changes)


def test_records_of_others_tell_it_by_their_pace_less_what_has_passed_since():
    got = of_records()
    assert (got.low, got.seconds, got.high) == pytest.approx((300 * 0.9 - 5, 300 * 1.0 - 5, 300 * 1.2 - 5))
    assert got.words == ("5m", "(4m–6m) by metrics.csv")


def test_a_run_that_is_past_its_length_has_no_negative_time():
    assert of_records(step=500).seconds == 0.0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"last": None}, "no record yet"),
        ({"now": 1000.0 + 96.0}, "last record 1m41s ago"),  # ten times what lies between two
        ({"now": 995.0 + 29.0, "apart": 0.1}, ""),  # no records are so close that this means anything
        ({"now": 995.0 + 31.0, "apart": 0.1}, "last record 31s ago"),
        ({"now": 995.0 + 601.0, "apart": None, "said": 5.0, "pace": None}, "last record 10m01s ago"),
        ({"steps_total": None}, "metrics.csv does not tell how long"),
        ({"pace": None}, "metrics.csv does not tell how fast"),
    ],
)
def test_records_that_are_old_or_tell_too_little_give_none(changes, why):
    got = of_records(**changes)
    assert got.seconds is None if why else got.seconds is not None
    assert not why or got.reason == why


def test_what_the_records_say_themselves_is_taken_where_their_pace_is_not_known():
    got = of_records(pace=None, said=750.0)
    assert (got.seconds, got.low) == (750.0, None)
    assert got.words == ("12m", "as metrics.csv said 5s ago")


def test_a_range_narrower_than_its_words_is_left_out():
    assert eta.Eta(130.0, low=121.0, high=139.0).words == ("2m", "")
    assert eta.Eta(130.0, low=121.0, high=190.0).words == ("2m", "(2m–3m)")
