"""Slopes with intervals that noise and outliers do not move."""

import random

import pytest

from cockpit.domain.trend import spread, thinned, trend


def noisy(slope, sigma, count=60, seed=0):
    draw = random.Random(seed)
    return [(float(i), slope * i + draw.gauss(0, sigma)) for i in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_holds_the_true_slope(seed):
    found = trend(noisy(0.5, 2.0, seed=seed))
    assert found.low < 0.5 < found.high
    assert found.rises


def test_noise_alone_hardly_ever_has_a_trend():
    told = sum(found.rises or found.falls for seed in range(200) if (found := trend(noisy(0.0, 1.0, seed=seed))))
    assert told <= 6  # 99 % intervals


def test_outliers_and_numbers_that_are_none_do_not_move_it():
    points = [(x, 1e9 if x % 7 == 3 else y) for x, y in noisy(-1.0, 0.1)] + [(60.0, float("nan")), (61.0, float("inf"))]
    found = trend(points)
    assert found.slope == pytest.approx(-1.0, abs=0.05)
    assert found.falls


def test_too_few_points_say_nothing():
    assert trend([(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (3.0, float("nan")), (4.0, 4.0)]) is None
    assert trend([(1.0, float(i)) for i in range(9)]) is None


def test_thinning_keeps_both_ends():
    assert thinned(list(range(1000)), 5) == [0, 250, 500, 749, 999]
    assert thinned([1, 2], 5) == [1, 2]


def test_spread_is_sigma_for_normal_noise():
    draw = random.Random(1)
    assert spread([draw.gauss(0, 3) for _ in range(4000)]) == pytest.approx(3, rel=0.1)
