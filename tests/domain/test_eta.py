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
