"""Series and charts: nothing that was recorded is hidden."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.domain import plot
from cockpit.domain.series import Series, Smoother, distinct
from cockpit.domain.ticks import tick_label, ticks


def test_marks_stand_in_their_own_columns_after_columns_without_a_finite_value():
    steps, values = np.arange(1000), np.ones(1000)
    values[500], values[501:] = np.inf, np.nan
    marks = plot.decimate(steps, values, 0, 1000, 100).marks
    assert [column for column, kind in marks if kind == "+inf"] == [50]
    assert [column for column, kind in marks if kind == "nan"] == list(range(50, 100))


def filled(values, steps=None):
    series = Series()
    values = np.asarray(values, float)
    steps = np.arange(len(values)) if steps is None else np.asarray(steps)
    series.extend(steps, steps.astype(float), values)
    return series.view()


def test_one_spike_in_a_million_is_seen():
    values = np.zeros(1_000_000)
    values[654_321] = 7.0
    view = filled(values)
    columns = plot.decimate(view.steps, view.values, 0, 1_000_000, 200)
    assert columns.high.max() == 7.0
    assert int(columns.high.argmax()) == 654_321 * 200 // 1_000_000


@pytest.mark.filterwarnings("error")
def test_steps_at_the_ends_of_what_an_integer_can_be_stand_at_the_edges():
    steps = np.array([-(2**63), 0, 2**63 - 1])
    columns = plot.decimate(steps, np.arange(3.0), float(steps[0]), float(steps[-1]), 100)
    assert columns.high[columns.filled].tolist() == [0.0, 1.0, 2.0]
    assert plot.inside(steps, -1e30, 1e30) == (0, 3)


def test_what_is_not_finite_is_marked_where_it_happened():
    values = np.ones(1000)
    values[500], values[100], values[900] = np.nan, np.inf, -np.inf
    view = filled(values)
    columns = plot.decimate(view.steps, view.values, 0, 1000, 100)
    assert sorted(columns.marks) == [(10, "+inf"), (50, "nan"), (90, "-inf")]
    assert columns.filled.all()
    assert columns.high.max() == 1.0


@settings(max_examples=50)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=400),
    st.lists(st.integers(0, 400), max_size=6),
)
def test_smoothing_does_not_depend_on_the_pieces(values, cuts):
    array = np.asarray(values, float)
    whole = Smoother(0.9).extend(array)
    pieces, smoother, edges = [], Smoother(0.9), sorted({0, len(array), *(c for c in cuts if c < len(array))})
    for start, stop in itertools.pairwise(edges):
        pieces.append(smoother.extend(array[start:stop]))
    got = np.concatenate(pieces) if pieces else whole
    np.testing.assert_allclose(got, whole, rtol=1e-4, atol=1e-6)


def test_smoothing_is_the_debiased_average_once_the_curve_is_long_enough():
    values = np.random.default_rng(0).normal(size=300)
    total = mass = 0.0
    expected = []
    for index, value in enumerate(values):
        weight = min(0.9, index / (index + 10))
        total, mass = weight * total + (1 - weight) * value, weight * mass + 1 - weight
        expected.append(total / mass)
    np.testing.assert_allclose(Smoother(0.9).extend(values), expected, rtol=1e-5)


def test_the_smoothed_line_of_a_short_falling_curve_stays_near_it():
    falling = np.exp(-np.arange(20) / 5)
    assert abs(Smoother(0.95).extend(falling)[-1] - falling[-1]) < 0.02


@settings(max_examples=60)
@given(st.lists(st.lists(st.tuples(st.integers(0, 2**62), st.floats()), min_size=1, max_size=20), max_size=5))
def test_a_series_keeps_every_point_exactly(pieces):
    series, steps, values, views = Series(), [], [], []
    for piece in pieces:
        steps += [step for step, _ in piece]
        values += [value for _, value in piece]
        series.extend(np.array([s for s, _ in piece]), np.zeros(len(piece)), np.array([v for _, v in piece]))
        views.append((series.view(), len(steps)))
    for view, count in views:
        assert view.steps.tolist() == steps[:count]
        np.testing.assert_array_equal(view.values, np.array(values[:count]))


def test_a_million_losses_take_twelve_bytes_each():
    losses = np.random.default_rng(0).random(1_000_000, np.float32)
    view = filled(losses)
    assert view.steps.itemsize + view.values.itemsize + view.smoothed.itemsize == 12
    np.testing.assert_array_equal(view.values, losses)


def test_redone_steps_are_forgotten_and_old_views_stay():
    series = Series()
    series.extend(np.arange(10), np.arange(10.0), np.arange(10.0))
    before = series.view()
    series.truncate_after(4)
    series.extend(np.arange(5, 8), np.arange(3.0), np.full(3, 50.0))
    assert before.values.tolist() == list(range(10))
    assert series.view().steps.tolist() == list(range(8))
    assert series.view().values.tolist() == [0, 1, 2, 3, 4, 50, 50, 50]


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [(0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (0, 100, 4, [0, 50, 100]), (3, 3, 4, [3])],
)
def test_ticks_are_round(low, high, count, expected):
    assert ticks(low, high, count) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "step", "label"),
    [(1200, 0, "1.2k"), (0.25, 0.05, "0.25"), (3e-4, 0, "3e-4"), (0, 1, "0"), (5.5, 0.5, "5.5")],
)
def test_labels_are_short(value, step, label):
    assert tick_label(value, step) == label


def test_the_right_edge_rarely_moves():
    limits = [plot.grown_limit(step, 4000) for step in range(4001)]
    assert limits == sorted(limits)
    assert len(set(limits)) < 20
    assert limits[-1] == 4000
    assert all(limit >= step for step, limit in enumerate(limits))


@pytest.mark.parametrize("glyphs", list(plot.Glyphs))
def test_a_rising_line_rises_in_every_alphabet(glyphs):
    view = filled(np.arange(200.0))
    raster = plot.Raster(40, 10, plot.Frame(0, 199, 0, 199), glyphs)
    raster.band(plot.decimate(view.steps, view.values, 0, 199, raster.columns), "train")
    rows = ["".join(ch for ch, _ in row) for row in raster.cells()]
    assert rows[0].rstrip()[-1:] != ""
    assert rows[0][:20].strip() == ""
    assert rows[-1][20:].strip() == ""
    if glyphs is plot.Glyphs.ASCII:
        assert all(c.isascii() for row in rows for c in row)


def dots(raster):
    return {(x, y) for y, row in enumerate(raster.cells()) for x, (character, _) in enumerate(row) if character != " "}


def test_a_line_joins_its_points_and_breaks_where_one_is_not_finite():
    frame = plot.Frame(0, 30, 0, 9)
    raster = plot.Raster(31, 10, frame, plot.Glyphs.ASCII)
    xs = np.array([0, 9, 12, 15, 30])
    raster.line(xs, np.array([0.0, 9.0, np.nan, 4.0, 4.0]), "train")
    drawn = dots(raster)
    assert {x for x, _ in drawn} == {*range(10), *range(15, 31)}, "every column of a segment, none of the gap"
    assert {y for x, y in drawn if x < 10} == set(range(10)), "from the bottom to the top"
    assert len({y for x, y in drawn if x >= 15}) == 1, "flat"


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=60), st.floats(-50, 400), st.floats(1, 300), st.integers(1, 40)
)
def test_decimation_puts_every_point_into_its_column(steps, x0, span, width):
    steps = np.sort(np.asarray(steps))
    values = np.arange(len(steps), dtype=float)
    columns = plot.decimate(steps, values, x0, x0 + span, width)
    expected = {}
    for step, value in zip(steps.tolist(), values.tolist(), strict=True):
        if x0 <= step <= x0 + span:
            # the column whose left edge is the last one at or before the step
            edges = [x0 + span * i / width for i in range(1, width)]
            expected.setdefault(sum(edge <= step for edge in edges), []).append(value)
    assert {c: (columns.low[c], columns.high[c]) for c in np.flatnonzero(columns.filled).tolist()} == {
        c: (min(v), max(v)) for c, v in expected.items()
    }


@pytest.mark.parametrize(("glyphs", "line"), [(plot.Glyphs.BRAILLE, "┊"), (plot.Glyphs.ASCII, ":")])
def test_a_rule_stands_behind_the_curve_with_its_head_on_top(glyphs, line):
    raster = plot.Raster(11, 5, plot.Frame(0, 10, 0, 10), glyphs)
    raster.rule(5, "C", "warn")
    raster.rule(20, "C", "warn")
    raster.line(np.arange(11), np.full(11, 5.0), "train")
    column = [row[5] for row in raster.cells()]
    assert column[0] == ("C", "warn")
    assert column[1] == column[3] == column[4] == (line, "warn")
    assert column[2][1] == "train"
    assert sum(cell[1] == "warn" for row in raster.cells() for cell in row) == 4


@given(st.lists(st.integers(-3, 3)))
def test_distinct_is_as_numpy_has_it(values):
    assert distinct(np.array(values, np.int64)) == np.unique(np.array(values, np.int64)).tolist()
