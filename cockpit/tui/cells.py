"""A panel that draws its own frame and rows and sends only the cells that changed.

Textual repaints whole regions; over SSH a panel of 90 x 20 cells is kilobytes for a digit that changed. Each
panel therefore keeps what it painted, compares cell by cell, and asks for just the spans that differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, repeat
from operator import itemgetter

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cockpit.tui.palette import style

Span = tuple[str, str]  # text, style name
Line = list[Span]
Cell = tuple[str, str]

_GAP = 6  # cells between two changes that cost less to repaint than to jump over
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_is_narrow = re.compile(r"[ -~\u2500-\u259f\u2800-\u28ff]*").fullmatch  # a cell each: ASCII, frames, blocks, dots
_LIKENESS = {"…": "~", "·": ".", "–": "-", "—": "-", "×": "x", "→": ">", "←": "<", "≤": "<", "≥": ">", "µ": "u",
             "°": " ", "✓": "+", "✗": "x", "•": "*", "”": '"', "“": '"', "’": "'", "‘": "'", "": " ",
             "⚠": "!"}  # fmt: skip
ROUND, PLAIN = "╭╮╰╯─│", "++++-|"


def line_width(line: Line) -> int:
    """Cells a line takes."""
    return sum(len(text) if _is_narrow(text) else cell_len(text) for text, _ in line)


def fit(line: Line, width: int) -> Line:
    """``line`` in exactly ``width`` cells: padded, or cut with an ellipsis."""
    total = line_width(line)
    if total <= width:
        return [*line, (" " * (width - total), "")] if total < width else line
    out: Line = []
    room = max(0, width - 1)
    for text, name in line:
        length = cell_len(text)
        if length > room:
            cut = chop_cells(text, room)[0] if room else ""
            return [*out, (cut + "…" + " " * (room - cell_len(cut)), name)] if width else []
        out.append((text, name))
        room -= length
    return out


def between(left: Line, right: Line, width: int) -> Line:
    """``left`` and ``right`` at the two ends; the left one gives way."""
    room = width - line_width(right)
    if room < 1:
        return fit(right, width)
    return [*fit(left, room - 1), (" ", ""), *right] if right else fit(left, width)


def to_cells(line: Line, width: int) -> list[Cell]:
    """One entry per cell; the second cell of a wide character is empty."""
    cells: list[Cell] = []
    for text, name in fit(line, width):
        if _is_narrow(text):
            cells += zip(text, repeat(name))
            continue
        for character in _CONTROL.sub("·", text):
            length = cell_len(character)
            if length == 0 and cells:
                cells[-1] = (cells[-1][0] + character, cells[-1][1])
            else:
                cells.append((character, name))
                cells.extend(("", name) for _ in range(length - 1))
    return (cells + [(" ", "")] * width)[:width]


def to_ascii(cells: list[Cell]) -> list[Cell]:
    """The same cells for a terminal without UTF-8; what has no likeness becomes a question mark."""
    if all(character.isascii() and character for character, _ in cells):
        return cells
    return [
        (character if character.isascii() and character else _LIKENESS.get(character, "?"), name)
        for character, name in cells
    ]


def changed_spans(before: Sequence[Cell], after: Sequence[Cell]) -> list[tuple[int, int]]:
    """(start, length) of the stretches that differ; close ones are one."""
    spans: list[list[int]] = []
    for x, (old, new) in enumerate(zip(before, after, strict=True)):
        if old == new:
            continue
        if spans and x - spans[-1][1] <= _GAP:
            spans[-1][1] = x + 1
        else:
            spans.append([x, x + 1])
    return [(start, end - start) for start, end in spans]


def joined(cells: Sequence[Cell]) -> Line:
    """Neighbours of one style as one span: so a row is measured, compared and painted much faster."""
    return [("".join(map(itemgetter(0), group)), name) for name, group in groupby(cells, key=itemgetter(1))]


def to_strip(cells: Sequence[Cell]) -> Strip:
    """Cells as what Textual paints."""
    return Strip([Segment(text, style(name)) for text, name in joined(cells)], len(cells))


class CellPanel(Widget, can_focus=True):
    """A framed panel. Subclasses give ``rows`` and call ``repaint`` when their state changed."""

    DEFAULT_CSS = "CellPanel { width: 1fr; height: 1fr; }"
    framed = True
    # set once by the app, for all panels
    ascii = False
    read_only = False  # no key acts, and none that would is named

    def __init__(self, title: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.title = title
        self._grid: list[list[Cell]] = []
        self._strips: list[Strip] = []

    def rows(self, width: int, height: int) -> list[Line]:
        """What is inside the frame, top to bottom; at most ``height`` lines are shown."""
        return []

    def status(self) -> Line:
        """What stands at the right of the frame."""
        return []

    def repaint(self) -> None:
        """Compose anew and send what differs."""
        width, height = self.size
        if width < 1 or height < 1:  # it is composed when it is seen again
            self._grid, self._strips = [], []
            return
        grid = self._compose_grid(width, height)
        if len(grid) != len(self._grid) or (grid and len(grid[0]) != len(self._grid[0])):
            self._grid = grid
            self._strips = [to_strip(row) for row in grid]
            self.refresh()
            return
        regions = []
        for y, (before, after) in enumerate(zip(self._grid, grid, strict=True)):
            if before != after:
                regions += [Region(x, y, length, 1) for x, length in changed_spans(before, after)]
                self._strips[y] = to_strip(after)
        self._grid = grid
        if regions:
            self.refresh(*regions)

    def _compose_grid(self, width: int, height: int) -> list[list[Cell]]:
        grid = self._framed_grid(width, height)
        return [to_ascii(row) for row in grid] if self.ascii else grid

    def _framed_grid(self, width: int, height: int) -> list[list[Cell]]:
        if not self.framed or width < 4 or height < 3:
            lines = self.rows(width, height)[:height]
            return [to_cells(line, width) for line in lines] + [to_cells([], width) for _ in range(height - len(lines))]
        corners = PLAIN if self.ascii else ROUND
        name = "frame-focus" if self.has_focus else "frame"
        side = (corners[5], name)
        inner = width - 4
        lines = self.rows(inner, height - 2)[: height - 2]
        lines += [[] for _ in range(height - 2 - len(lines))]
        body = [[side, (" ", ""), *to_cells(line, inner), (" ", ""), side] for line in lines]
        return [self._top_edge(corners, name, width), *body, to_cells(
            [(corners[2] + corners[4] * (width - 2) + corners[3], name)], width
        )]  # fmt: skip

    def _top_edge(self, corners: str, name: str, width: int) -> list[Cell]:
        title: Line = [(corners[0] + corners[4], name)]
        if self.title:
            title += [(f" {self.title} ", "title" if not self.has_focus else "accent")]
        right: Line = []
        if status := self.status():
            room = width - line_width(title) - 5
            if room > 3:
                right = [(" ", ""), *(status if line_width(status) <= room else fit(status, room)), (" ", "")]
        right += [(corners[4] + corners[1], name)]
        filling = max(0, width - line_width(title) - line_width(right))
        return to_cells([*title, (corners[4] * filling, name), *right], width)

    def render_line(self, y: int) -> Strip:
        """The strip that was composed last."""
        strips = self._composed()
        return strips[y] if y < len(strips) else Strip.blank(self.size.width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Straight from the cache: Textual's own cache would be told of every region."""
        strips = self._composed()
        blank = Strip.blank(crop.right)
        return [(strips[y] if y < len(strips) else blank).crop(crop.x, crop.right) for y in range(crop.y, crop.bottom)]

    def _composed(self) -> list[Strip]:
        """A strip for every row of the panel as large as it is now, which Textual works out anew at every question."""
        width, height = self.size
        if not self._strips or self._strips[0].cell_length != width or len(self._strips) != height:
            self._grid = self._compose_grid(width, height)
            self._strips = [to_strip(row) for row in self._grid]
        return self._strips

    def watch_has_focus(self, has_focus: bool) -> None:
        """The frame shows it; at ``on_focus`` the panel does not have it yet."""
        super().watch_has_focus(has_focus)
        self.repaint()
