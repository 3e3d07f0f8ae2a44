"""The chart says nothing twice that is different, and leaves no holes in a line."""

import numpy as np
import pytest
from textual.app import App

from cockpit.domain import plot
from cockpit.domain.series import Series
from cockpit.tui.chart import Chart, Plotted


def drawn(steps, values, width=78, height=20, **plotted):
    series = Series()
    series.extend(np.asarray(steps), np.arange(len(steps), dtype=float), np.asarray(values))
    chart = Chart("lr", "nothing yet")
    chart.show((Plotted("lr", series.view(), "lr", **plotted),), None)
    return ["".join(text for text, _ in line) for line in chart.rows(width, height)]


def labels(lines):
    return [label for line in lines[:-1] if (label := line[:6].strip())]


@pytest.mark.parametrize(("low", "high"), [(0.00096, 0.00104), (1e-3, 1e-3), (2.5e-4, 2.6e-4), (12340.0, 12390.0)])
@pytest.mark.parametrize("height", [8, 20, 37])
def test_no_two_ticks_have_one_label_and_none_is_off(low, high, height):
    found = labels(drawn(range(100), np.linspace(low, high, 100), height=height))
    assert len(found) == len(set(found)) > 0
    values = [float(label.rstrip("k")) for label in found]
    assert np.diff(values) == pytest.approx([values[-1] - values[-2]] * (len(values) - 1)) if len(values) > 1 else True


@pytest.mark.parametrize("points", [20, 60, 80, 128, 150, 280, 600])
def test_a_flat_line_has_no_holes_however_many_points_it_has(points):
    lines = drawn(np.linspace(0, 1000, points).astype(int), np.full(points, 1e-3))
    (row,) = [line[7:] for line in lines if set(line[7:]) & {chr(0x2800 + bits) for bits in range(1, 256)}]
    dots = row.strip(" ┈")
    both = {0x01 | 0x08, 0x02 | 0x10, 0x04 | 0x20, 0x40 | 0x80}  # one dot in each column of the cell
    assert {ord(cell) - 0x2800 for cell in dots[1:-1]} <= both


def test_what_begins_late_has_the_whole_width():
    axis = drawn(range(2250, 2500), np.linspace(1, 0, 250))[-1]
    assert axis.split()[0] != "0"
    assert drawn(range(1, 250), np.linspace(1, 0, 249))[-1].split()[0] == "0"


async def test_a_look_at_a_curve_that_stands_still_draws_nothing():
    class Counted(Chart):
        times = 0

        def rows(self, width, height):
            self.times += 1
            return super().rows(width, height)

    def look(*, total=1000):
        chart.show((Plotted("lr", series.view(), "lr"),), total)
        return chart.times

    class OneChart(App):
        def compose(self):
            yield chart

    chart, series = Counted("lr", "nothing yet"), Series()
    points = np.arange(10)
    series.extend(points, points.astype(float), points / 10)
    async with OneChart().run_test(size=(60, 20)):
        first = look()
        assert look() == first > 0
        series.extend(points + 10, points.astype(float), points / 10)
        assert look() == first + 1
        series.truncate_after(12)
        assert look() == first + 2
        assert look(total=2000) == first + 3
        chart.title = "another"
        assert look(total=2000) == first + 4


def test_another_scale_needs_no_look_at_all_the_points(monkeypatch):
    looks = []
    monkeypatch.setattr(plot, "decimate", lambda *given, real=plot.decimate: looks.append(given[1]) or real(*given))
    chart, series = Chart("loss", "nothing yet"), Series()
    points = np.arange(1, 11)

    def draw():
        looks.clear()
        chart.show((Plotted("train", series.view(), "train", raw_style="raw"),), 1000)
        lines = chart.rows(78, 20)
        return len(looks), lines

    series.extend(points, points.astype(float), 1.0 / points)
    count, linear = draw()
    assert count == 2
    chart.toggle_log()
    count, logarithmic = draw()
    assert count == 0
    assert logarithmic != linear
    chart.zoom(1)
    assert draw()[0] == 2
    series.extend(points + 10, points.astype(float), 1.0 / points)
    assert draw()[0] == 2


def test_dots_of_two_curves_are_never_in_one_cell():
    """It has one colour, and would tell values of one as the other's."""
    frame = plot.Frame(0, 10, 0, 10)
    raster = plot.Raster(4, 2, frame)
    raster.line(np.array([0, 10]), np.array([9.9, 9.9]), "below")
    raster.line(np.array([0, 10]), np.array([8.0, 8.0]), "above")
    alone = plot.Raster(4, 2, frame)
    alone.line(np.array([0, 10]), np.array([8.0, 8.0]), "above")
    assert raster.cells()[0] == alone.cells()[0]
