"""What is remembered of curves: bounded, right after steps were redone, and NaN told from a gap in a file."""

import math

import numpy as np
import pytest

from cockpit.domain.curves import Curves, Judged
from cockpit.sources.course import Course

LOSS, VAL = "train/loss", "val/loss"
CURVES, JUDGED = Curves(LOSS, VAL, None, "grad_norm"), Judged(VAL, True)


def course(piece=1000, **curves):
    """Curves by tag, ``__`` for a slash: values at steps 0, 1, …; taken in by pieces."""
    made = Course()
    for name, told in curves.items():
        values = np.array(told, float)
        steps = np.arange(len(values))
        for start in range(0, len(values), piece):
            part = slice(start, start + piece)
            made.take(name.replace("__", "/"), steps[part], 100.0 + steps[part], values[part])
    return made


@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_a_long_run_keeps_its_start_its_best_and_its_end(piece):
    values = np.full(100_000 if piece > 100 else 3_000, 2.0)
    values[:16], values[40] = 9.0, 0.5
    made = course(piece, train__loss=values, val__loss=values)
    told = made.vitals(CURVES, JUDGED)
    assert (len(told.losses), told.loss_start, told.pace) == (512, 9.0, 1.0)
    assert (told.validations[0], told.validation_times[0]) == ((40, 0.5), 140.0)  # long before the others
    assert len(told.validations) == 1025
    assert made.best(JUDGED).step == 40
    assert told.losses[-1][0] == len(values) - 1


def test_redone_steps_are_forgotten_with_what_was_best_and_what_was_bad_in_them():
    made = course(train__loss=[3, 2, math.nan, math.nan], val__loss=[3, 2, 1, 0.5])
    assert [each.step for each in made.nonfinite()] == [2, 3]
    for tag in (LOSS, VAL):
        made.forget(tag, 2)
    assert made.nonfinite() == ()
    assert (made.best(JUDGED).value, made.best(JUDGED).step) == (2.0, 1)
    assert made.vitals(CURVES, JUDGED).losses == ((0, 3.0), (1, 2.0))
    made.forget(LOSS, 0)
    made.take(LOSS, np.arange(20), np.arange(20.0), np.full(20, 7.0))
    assert made.vitals(CURVES, JUDGED).loss_start == 7.0


@pytest.mark.parametrize(
    ("curves", "first"),
    [
        ({"train__loss": [1, math.nan, 1, 1]}, ("train/loss", 1)),
        ({"train__loss": [1, math.inf, 1, 1]}, ("train/loss", 1)),
        ({"train__loss": [1, 1, math.nan], "grad_norm": [1, 1, math.nan]}, ("train/loss", 2)),
        ({"train__loss": [1, 1, 1], "grad_norm": [1, math.nan, math.nan]}, ("grad_norm", 1)),
        ({"train__loss": [1, 1, 1], "grad_norm": [math.inf, 1, 1]}, None),  # a step that a GradScaler skips
        ({"train__loss": [1, 1, 1], "val__acc": [math.nan] * 3}, None),  # a metric may be undefined
        ({"val__loss": [math.nan, math.nan, 1, math.nan, math.nan, 1, math.nan, math.nan, 1]}, None),  # a file's gaps
        ({"val__loss": [math.nan, math.nan]}, None),  # nor is there a first one yet
        ({"val__loss": [1, 0.5, math.nan, math.nan, math.nan]}, ("val/loss", 2)),
        ({"val__loss": [math.inf, math.nan, 1, math.nan, 1, math.nan, 1, math.nan]}, ("val/loss", 0)),
    ],
)
@pytest.mark.parametrize("piece", [1, 100])
def test_what_is_not_finite_is_told_from_what_is_not_there(piece, curves, first):
    found = course(piece, **curves).nonfinite()
    assert (found[0].what, found[0].step) == first if first else found == ()


def test_gaps_are_no_validations():
    made = course(val__loss=[math.nan, 3, math.nan, 2, math.nan, 1, math.nan])
    assert made.vitals(CURVES, JUDGED).validations == ((1, 3.0), (3, 2.0), (5, 1.0))


def test_the_first_that_are_not_finite_are_named_and_the_rest_only_counted_up_to_them():
    found = course(train__loss=[1.0] + [math.nan] * 1000).nonfinite()
    assert [each.step for each in found] == list(range(1, 21))
    assert found[0].time == 101.0


def test_of_a_part_of_the_loss_no_start_is_told_and_many_curves_are_not_kept():
    made = course(policy_loss=[1.0] * 20)
    assert made.vitals(Curves("policy_loss"), None).loss_start is None
    made = course(**{f"loss_{number}": [1.0] for number in range(100)}, train__loss=[1.0])
    assert made.of("loss_99") is None
    assert made.of(LOSS) is not None
