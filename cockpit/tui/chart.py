"""The chart: curves of a run in a few thousand cells, sent a few bytes at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.domain.text import number
from cockpit.domain.ticks import told_ticks
from cockpit.tui.cells import CellPanel, Line, joined, line_width

if TYPE_CHECKING:
    from cockpit.domain.plot import Cell, Columns, Frame, Raster
    from cockpit.domain.series import SeriesView

_GUTTER = 7  # cells for the labels of the y-axis
_CORNERS = 9  # cells of the upper edge that are neither title nor legend
_ZOOMS = (1.0, 0.5, 0.25, 0.1, 0.05, 0.01)


@dataclass(frozen=True, slots=True)
class Plotted:
    """A series and how it is drawn."""

    name: str
    series: SeriesView
    style: str
    raw_style: str = ""
    points: bool = False
    notes: tuple[str, ...] = ()  # beside the value in the legend, one of them: from the longest to the shortest


class Chart(CellPanel):
    """Several series over steps, with round ticks, a legend of current values, and marks for what is not finite."""

    def __init__(self, title: str, waiting: str, *, id: str | None = None, log_scale: bool = False) -> None:
        super().__init__(title, id=id)
        self.waiting = waiting
        self.log_scale = log_scale
        self.smooth = True
        self.glyphs = "braille"
        self._plotted: tuple[Plotted, ...] = ()
        self._total: int | None = None
        self._marks: tuple[tuple[int, str], ...] = ()
        self._shown: tuple[object, ...] = ()  # what was drawn last: a look at a run that stands still draws nothing
        self._columns: dict[tuple[object, ...], Columns] = {}  # of what is drawn: another scale needs no other ones
        self._zoom = 0
        self._pan = 0.0  # share of the whole by which the window lies left of the end

    def show(self, plotted: tuple[Plotted, ...], total: int | None, marks: tuple[tuple[int, str], ...] = ()) -> None:
        """Draw these series; ``total`` is the planned length in steps, ``marks`` are (step, character)."""
        self._plotted = tuple(p for p in plotted if len(p.series.steps))
        self._total, self._marks = total, marks
        shown = (self.title, self._plotted, total, marks)
        if shown != self._shown or not self._plotted:  # where no curve is yet, other words may have come
            self._shown = shown
            self.repaint()

    def toggle_log(self) -> None:
        """Logarithmic or linear y-axis."""
        self.log_scale = not self.log_scale
        self.repaint()

    def toggle_smoothing(self) -> None:
        """The smoothed line, or the values as they are."""
        self.smooth = not self.smooth
        self.repaint()

    def zoom(self, by: int) -> None:
        """Look at a smaller (+1) or larger (-1) share of the steps."""
        self._zoom = max(0, min(len(_ZOOMS) - 1, self._zoom + by))
        self._pan = min(self._pan, 1 - _ZOOMS[self._zoom])
        self.repaint()

    def pan(self, by: int) -> None:
        """Move the window left (-1) or right (+1) by half its width."""
        width = _ZOOMS[self._zoom]
        self._pan = max(0.0, min(1 - width, self._pan - by * width / 2))
        self.repaint()

    def status(self) -> Line:
        """The legend: what each line is and where it stands; what stands beside a value gives way."""
        room = self.size.width - len(self.title) - _CORNERS
        shorter = range(1 + max((len(plotted.notes) for plotted in self._plotted), default=0))
        legends = [self._legend(shortened) for shortened in shorter]
        return next((legend for legend in legends if line_width(legend) <= room), legends[-1])

    def _legend(self, shortened: int) -> Line:
        line: Line = []
        for plotted in self._plotted:
            smoothed = self.smooth and bool(plotted.raw_style)
            value = float((plotted.series.smoothed if smoothed else plotted.series.values)[-1])
            last = float(plotted.series.values[-1])
            shown = last if last != last or last in (float("inf"), float("-inf")) else value  # noqa: PLR0124
            line += [("  ", "")] if line else []
            glyph = ("o" if self.ascii else "●") if plotted.points else ("-" if self.ascii else "━")
            line += [(glyph + " ", plotted.style)] + [(f"{plotted.name} ", "dim")] * bool(plotted.name)
            line += [(number(shown), "bad" if shown - shown != 0 else "strong")]
            line += [(f" {note}", "dim") for note in plotted.notes[shortened : shortened + 1]]
        if self._zoom:
            line = [
                (f"last {_ZOOMS[self._zoom]:.0%}" if not self._pan else f"zoom {_ZOOMS[self._zoom]:.0%}", "warn"),
                ("  ", ""),
                *line,
            ]
        return [*line, (" log", "dim")] if self.log_scale and line else line

    def rows(self, width: int, height: int) -> list[Line]:
        """Axis labels around the raster."""
        if not self._plotted or width < _GUTTER + 8 or height < 3:
            return self.empty(width, height)
        from cockpit.domain import plot

        plot_width, plot_height = width - _GUTTER, height - 1
        glyphs = plot.Glyphs(self.glyphs)
        x0, x1 = self._window()
        dots = plot_width * plot.DOTS[glyphs][0]
        before, self._columns = self._columns, {}
        layers = [(p, self._decimated(p, (x0, x1, dots), before)) for p in self._plotted]
        limits = plot.value_range([columns for _, pair in layers for columns in pair], log=self.log_scale)
        if limits is None:
            limits = (0.0, 1.0) if not self.log_scale else (0.1, 1.0)
        frame = plot.Frame(x0, x1, *limits, log=self.log_scale)
        raster = plot.Raster(plot_width, plot_height, frame, glyphs)
        for step, head in self._marks:
            raster.rule(step, head, "warn")
        for plotted, (raw, line) in layers:
            self._draw(plotted, raw, line, raster)
            for column, kind in raw.marks:
                raster.mark(column, kind)
        return self._framed(raster.cells(), frame, plot_width, plot_height)

    def empty(self, width: int, height: int) -> list[Line]:
        """What stands where no curve is yet."""
        pad: list[Line] = [[] for _ in range(max(0, height // 2))]
        return [*pad, [(" " * max(0, (width - len(self.waiting)) // 2) + self.waiting, "faint")]]

    def _draw(self, plotted: Plotted, raw: Columns, line: Columns, raster: Raster) -> None:
        """Few points are joined; many are a band per column, under the smoothed line."""
        from cockpit.domain.plot import inside

        series, frame = plotted.series, raster.frame
        first, last = inside(series.steps, frame.x0, frame.x1)
        dense = last - first > 2 * raster.columns  # fewer leave columns without a point, and a band with holes
        if plotted.raw_style or dense:
            raster.band(raw, plotted.raw_style or plotted.style)
        if dense and plotted.raw_style:
            raster.band(line, plotted.style)
        smooth = self.smooth and bool(plotted.raw_style)
        values = (series.smoothed if smooth else series.values)[first:last]
        if not dense:
            raster.line(series.steps[first:last], values, plotted.style)
        if plotted.points:
            spaced = (last - first) * 3 <= raster.width
            shown = slice(first if spaced else max(first, last - 1), last)
            for step, value in zip(series.steps[shown].tolist(), series.values[shown].tolist(), strict=True):
                if value - value == 0:
                    raster.point(step, value, "o" if self.ascii else "●", plotted.style)

    def _decimated(
        self, plotted: Plotted, place: tuple[float, float, int], before: dict[tuple[object, ...], Columns]
    ) -> tuple[Columns, Columns]:
        """Raw values and the line of a curve, as ``before`` where nothing of them has changed."""
        from cockpit.domain.plot import decimate

        series = plotted.series

        def columns(smoothed: bool) -> Columns:
            key = (series, smoothed, *place)
            values = series.smoothed if smoothed else series.values
            self._columns[key] = before.get(key) or decimate(series.steps, values, *place)
            return self._columns[key]

        raw = columns(False)
        return raw, columns(True) if plotted.raw_style and self.smooth else raw

    def _window(self) -> tuple[float, float]:
        from cockpit.domain import plot

        first = min(int(p.series.steps[0]) for p in self._plotted)
        last = max(int(p.series.steps[-1]) for p in self._plotted)
        late = first > last / 2  # as what another tool records of a resumed training
        whole0, whole1 = float(first if late else min(first, 0)), float(plot.grown_limit(last, self._total))
        if self._zoom == 0:
            return whole0, whole1
        end = last - self._pan * (last - whole0)
        return end - _ZOOMS[self._zoom] * (last - whole0) - 1, end + 1

    def _framed(self, cells: list[list[Cell]], frame: Frame, width: int, height: int) -> list[Line]:
        from cockpit.domain import plot

        told = told_ticks(frame.y0, frame.y1, max(2, height // 3), _GUTTER - 1, log=frame.log)
        raster = plot.Raster(1, height, frame, plot.Glyphs(self.glyphs))
        labels = {int(raster.row_of(tick)) // raster.dots_y: label for tick, label in told.items()}
        lines: list[Line] = []
        dot = "." if self.ascii else "┈"
        for y, row in enumerate(cells):
            label = labels.get(y, "")
            filling = [
                (dot, "grid") if ch == " " and label and x % 2 == 0 else (ch, name) for x, (ch, name) in enumerate(row)
            ]
            axis = ("|" if self.ascii else "┤" if label else "│", "frame")
            lines.append([(label.rjust(_GUTTER - 1), "dim"), axis, *joined(filling)])
        return [*lines, self._x_axis(frame, width)]

    def _x_axis(self, frame: Frame, width: int) -> Line:
        text = [" "] * width
        for tick, label in told_ticks(frame.x0, frame.x1, max(2, width // 14), 8).items():
            at = round((tick - frame.x0) / (frame.x1 - frame.x0) * (width - 1)) - len(label) // 2
            at = max(0, min(width - len(label), at))
            if all(c == " " for c in text[max(0, at - 1) : at + len(label) + 1]):
                text[at : at + len(label)] = label
        axis: Line = [(" " * _GUTTER, "")]
        return [*axis, ("".join(text), "dim")]
