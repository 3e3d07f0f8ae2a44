"""How far one step moved each layer: a table, and beside each layer whether that is usual."""

from __future__ import annotations

from cockpit.domain.text import safe
from cockpit.domain.weights import BAD, HEADER, HIGH, LOW, NOT_JUDGED, TOO_HIGH, TOO_LOW, Layer, Weighed, table
from cockpit.tui.cells import Line, fit, line_width
from cockpit.tui.prose import shorten, wrap
from cockpit.tui.screens.document import DocumentScreen

_SIGNS = {BAD: ("×", "x", "bad"), HIGH: ("▲", "^", "warn"), LOW: ("▼", "v", "warn")}
_WIDTHS = (8, 9, 9, 12)  # cells of the figures
_NAME, _REMARK = 20, 12  # cells at the least
_ROOMY = 90  # cells, from which on there is room for how many are not finite
_RULE = (
    f"Too high is beyond {TOO_HIGH:g}, too low below {TOO_LOW:g}: a rule of thumb for matrices (CS231n). Biases and "
    "scales of norms are not judged; what began at zero moves far at first."
)


class WeightsScreen(DocumentScreen):
    """From what is not finite and what moves most to what moves least; narrow terminals get fewer columns.

    Args:
        title: of the box.
        weighed: what was measured.
    """

    largest = 118

    def __init__(self, title: str, weighed: Weighed) -> None:
        super().__init__(title, "", copy="\n".join([*weighed.lines, "", *table(weighed)]))
        self.weighed = weighed

    def lines(self, width: int, height: int) -> list[Line]:
        """What was found, then the layers."""
        first, *more = self.weighed.lines
        lead = [*wrap(first, width, "strong"), *(line for text in more for line in wrap(text, width, "dim")), []]
        shown = self._columns(width)
        head: Line = [("  ", ""), *((f"{HEADER[i]:>{_WIDTHS[i]}} ", "dim") for i in shown), (" layer", "dim")]
        rows = [self._row(layer, shown, width) for layer in self.weighed.layers]
        left_out = self.weighed.left_out
        rest: list[Line] = [[(f"  {left_out:,} more are not listed", "faint")]] if left_out > 0 else []
        return [*lead, fit(head, width), *rows, *rest, [], *wrap(_RULE, width, "dim")]

    def _columns(self, width: int) -> list[int]:
        """Which figures there is room for, the ratio first."""
        shown, room = [0], width - 3 - _WIDTHS[0] - _NAME - _REMARK
        for index in (2, 1, 3):
            room -= _WIDTHS[index] + 1
            if room >= 0:
                shown.append(index)
        return sorted(shown)

    def _row(self, layer: Layer, shown: list[int], width: int) -> Line:
        pretty, plain, style = _SIGNS.get(layer.verdict, (" ", " ", "faint" if layer.verdict == NOT_JUDGED else "text"))
        figures = layer.figures
        row: Line = [(f"{plain if self.box.ascii else pretty} ", style)]
        row += [(f"{figures[i]:>{_WIDTHS[i]}} ", style if not i else "dim") for i in shown]
        said = layer.remark if width >= _ROOMY else layer.remark.partition(":")[0]
        remark = f"  {said}" if said else ""
        room = width - line_width(row) - 1 - len(remark)
        return fit([*row, (f" {shorten(safe(layer.name), max(1, room))}", "text"), (remark, style)], width)
