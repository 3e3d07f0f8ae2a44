"""From series to a grid of characters: scales, decimation, raster. Knows no terminal library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from cockpit.domain.series import Floats, Ints, distinct
from cockpit.domain.ticks import tick_step

Cell = tuple[str, str]  # character, style name


class Glyphs(StrEnum):
    """What a cell can show: 2x4 dots, half blocks, or ASCII."""

    BRAILLE = "braille"
    BLOCK = "block"
    ASCII = "ascii"


DOTS = {Glyphs.BRAILLE: (2, 4), Glyphs.BLOCK: (2, 2), Glyphs.ASCII: (1, 2)}
_BRAILLE = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
_ASCII = " '.|"  # nothing, upper, lower, both


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the plane that is drawn."""

    x0: float
    x1: float
    y0: float
    y1: float
    log: bool = False


@dataclass(slots=True)
class Columns:
    """Per pixel column: the range of finite values, and where something was not finite."""

    low: Floats
    high: Floats
    filled: NDArray[np.bool_]
    marks: list[tuple[int, str]] = field(default_factory=list)  # column, "nan" | "+inf" | "-inf"


def inside(steps: Ints, x0: float, x1: float) -> tuple[int, int]:
    """The points with ``x0 <= step <= x1``: index of the first, and of the first behind them."""
    left, right = _of_type([math.ceil(x0), math.floor(x1)], steps)
    return int(np.searchsorted(steps, left, side="left")), int(np.searchsorted(steps, right, side="right"))


def _of_type(bounds: Sequence[float], steps: Ints) -> Ints:
    """Whole ``bounds`` in the type of ``steps``, which a search would otherwise convert, all of them."""
    limits = np.iinfo(steps.dtype)  # as floats the largest is one too many, so they are held against whole numbers
    return np.array([min(max(int(bound), limits.min), limits.max) for bound in bounds], steps.dtype)


def decimate(steps: Ints, values: NDArray[np.floating], x0: float, x1: float, width: int) -> Columns:
    """Smallest and largest value of every pixel column, so that a single spike among a million stays visible.

    Args:
        steps: [N], non-decreasing.
        values: [N].
        x0: step at the left edge.
        x1: step at the right edge.
        width: pixel columns.
    """
    empty = Columns(np.zeros(width), np.zeros(width), np.zeros(width, bool))
    first, last = inside(steps, x0, x1)
    if last <= first or x1 <= x0 or width < 1:
        return empty
    edges = _of_type(np.ceil(x0 + (x1 - x0) * np.arange(1, width) / width).tolist(), steps)
    bounds = np.concatenate(([first], np.searchsorted(steps[first:last], edges, side="left") + first))
    filled = np.diff(np.concatenate((bounds, [last]))) > 0
    starts = bounds[filled]
    part = values[first:last]
    starts = starts - first
    low, high = empty.low, empty.high
    low[filled] = np.fmin.reduceat(part, starts)
    high[filled] = np.fmax.reduceat(part, starts)
    marks = []
    lacking = ~(np.isfinite(low) & np.isfinite(high)) & filled
    hidden_nan = np.isnan(np.add.reduceat(part, starts)) if len(starts) else np.zeros(0, bool)
    columns = np.flatnonzero(filled).tolist()
    for index in np.flatnonzero(hidden_nan | lacking[filled]).tolist():
        column = columns[index]
        stop = starts[index + 1] if index + 1 < len(starts) else len(part)
        chunk = part[starts[index] : stop]
        finite = chunk[np.isfinite(chunk)]
        if np.isnan(chunk).any():
            marks.append((column, "nan"))
        if np.isposinf(chunk).any():
            marks.append((column, "+inf"))
        if np.isneginf(chunk).any():
            marks.append((column, "-inf"))
        filled[column] = len(finite) > 0
        low[column], high[column] = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    return Columns(low, high, filled, marks)


def grown_limit(last_step: int, total: int | None = None) -> int:
    """The right edge for a run that has come to ``last_step``: it moves rarely, so that most frames change no cell.

    The whole length once a third of it is done; before that 1, 1.5, 2, 3, 4, 5 or 7 times a power of ten.
    """
    if total and last_step <= total and last_step * 3 >= total:
        return total
    for exponent in range(1, 16):
        for lead in (1, 1.5, 2, 3, 4, 5, 7):
            limit = int(lead * 10**exponent)
            if limit > last_step * 1.02:
                return min(limit, total) if total and last_step <= total else limit
    return last_step + 1


def value_range(columns: Sequence[Columns], *, log: bool = False) -> tuple[float, float] | None:
    """Range of everything that is drawn, with a margin and rounded outwards to a tick; None if there is nothing."""
    lows = [c.low[c.filled] for c in columns]
    highs = [c.high[c.filled] for c in columns]
    low_all, high_all = np.concatenate(lows or [np.empty(0)]), np.concatenate(highs or [np.empty(0)])
    if log:
        low_all, high_all = low_all[low_all > 0], high_all[high_all > 0]
    if not len(low_all) or not len(high_all):
        return None
    low, high = float(low_all.min()), float(high_all.max())
    if log:
        return 10 ** (math.floor(math.log10(low) * 4) / 4), 10 ** (math.ceil(math.log10(high) * 4 + 1e-9) / 4)
    if high == low:
        margin = abs(low) * 0.1 or 1.0
        return low - margin, high + margin
    step = tick_step(high - low, 8)
    return math.floor(low / step) * step, math.ceil(high / step) * step


class Raster:
    """Dots under characters: curves are drawn in dots, and a cell shows those of the last curve that touched it.

    A cell has one colour, so dots of two curves in it would tell one's values as the other's.
    """

    def __init__(self, width: int, height: int, frame: Frame, glyphs: Glyphs = Glyphs.BRAILLE) -> None:
        self.width, self.height, self.frame, self.glyphs = width, height, frame, glyphs
        self.dots_x, self.dots_y = DOTS[glyphs]
        self.columns, self.rows = width * self.dots_x, height * self.dots_y
        self._dots = np.zeros((self.rows, self.columns), bool)
        self._styles: NDArray[np.int16] = np.full((height, width), -1, np.int16)
        self._names: list[str] = []
        self._over: dict[tuple[int, int], Cell] = {}
        self._rules: dict[int, Cell] = {}

    def row_of(self, value: NDArray[np.floating] | float) -> NDArray[np.int64]:
        """Dot rows of values, 0 at the top; outside the frame they lie outside 0..rows - 1."""
        f = self.frame
        y = np.asarray(value, np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (
                (np.log10(y) - math.log10(f.y0)) / (math.log10(f.y1) - math.log10(f.y0))
                if f.log
                else (y - f.y0) / (f.y1 - f.y0)
            )
        share = np.nan_to_num(share, nan=-1.0, posinf=2.0, neginf=-1.0)
        return np.round((1 - np.clip(share, -1, 2)) * (self.rows - 1)).astype(np.int64)

    def band(self, columns: Columns, style: str, *, join: bool = True) -> None:
        """Draw every column from its lowest to its highest value, joined to the column before."""
        where = np.flatnonzero(columns.filled)
        if not len(where):
            return
        top, bottom = self.row_of(columns.high[where]), self.row_of(columns.low[where])
        if join and len(where) > 1:
            # a column reaches halfway to the one before, so the line has no holes
            top[1:], bottom[1:] = (
                np.minimum(top[1:], np.where(bottom[:-1] < top[1:], bottom[:-1] + 1, top[1:])),
                np.maximum(bottom[1:], np.where(top[:-1] > bottom[1:], top[:-1] - 1, bottom[1:])),
            )
        above, below = bottom < 0, top > self.rows - 1
        self._mark_clipped(where[above], 0, "▲" if self.glyphs is not Glyphs.ASCII else "^", style)
        self._mark_clipped(where[below], self.height - 1, "▼" if self.glyphs is not Glyphs.ASCII else "v", style)
        rows = np.arange(self.rows)[:, None]
        inside = (rows >= top) & (rows <= bottom)
        layer = np.zeros_like(self._dots)
        layer[:, where] = inside
        self._paint(layer, style)

    def line(self, xs: NDArray[np.integer | np.floating], ys: NDArray[np.floating], style: str) -> None:
        """Join points by straight lines; a gap where one is not finite."""
        column = (xs - self.frame.x0) / (self.frame.x1 - self.frame.x0) * (self.columns - 1)
        row = self.row_of(ys).astype(float)
        joined = np.isfinite(ys[:-1]) & np.isfinite(ys[1:])
        x, y = column[:-1][joined], row[:-1][joined]
        across, down = column[1:][joined] - x, row[1:][joined] - y
        dots = np.maximum(np.abs(across), np.abs(down)).astype(int) + 2
        segment = np.repeat(np.arange(len(dots)), dots)
        share = (np.arange(len(segment)) - (np.cumsum(dots) - dots)[segment]) / (dots[segment] - 1)
        x = np.round(x[segment] + share * across[segment]).astype(int)
        y = np.round(y[segment] + share * down[segment]).astype(int)
        keep = (x >= 0) & (x < self.columns) & (y >= 0) & (y < self.rows)
        layer = np.zeros_like(self._dots)
        layer[y[keep], x[keep]] = True
        self._paint(layer, style)

    def point(self, x: float, y: float, character: str, style: str) -> None:
        """One character over everything else."""
        column = int((x - self.frame.x0) / (self.frame.x1 - self.frame.x0) * (self.columns - 1)) // self.dots_x
        row = int(self.row_of(y)) // self.dots_y
        if 0 <= column < self.width and 0 <= row < self.height:
            self._over[row, column] = (character, style)

    def rule(self, x: float, head: str, style: str) -> None:
        """A thin vertical line at ``x`` behind the curves, with a character on top of it."""
        column = int((x - self.frame.x0) / (self.frame.x1 - self.frame.x0) * (self.columns - 1)) // self.dots_x
        if self.frame.x0 <= x <= self.frame.x1:
            self._rules[column] = (":" if self.glyphs is Glyphs.ASCII else "┊", style)
            self._over.setdefault((0, column), (head, style))

    def mark(self, column: int, kind: str) -> None:
        """A value that is not finite, at the dot column where it happened."""
        row, plain, pretty = {
            "nan": (self.height // 2, "x", "×"),
            "+inf": (0, "^", "↑"),
            "-inf": (self.height - 1, "v", "↓"),
        }[kind]
        self._over[row, column // self.dots_x] = (plain if self.glyphs is Glyphs.ASCII else pretty, "bad")

    def cells(self) -> list[list[Cell]]:
        """The grid, ``height`` rows of ``width`` cells."""
        codes = self._codes()
        grid = []
        for y in range(self.height):
            names = [self._names[s] if s >= 0 else "" for s in self._styles[y].tolist()]
            grid.append(list(zip(codes[y], names, strict=True)))
        for row in grid:
            for x, cell in self._rules.items():
                row[x] = cell if row[x][0] == " " else row[x]
        for (y, x), cell in self._over.items():
            grid[y][x] = cell
        return grid

    def _mark_clipped(self, columns: Ints, row: int, character: str, style: str) -> None:
        for column in distinct(columns // self.dots_x):
            self._over[row, column] = (character, style)

    def _paint(self, layer: NDArray[np.bool_], style: str) -> None:
        touched = layer.reshape(self.height, self.dots_y, self.width, self.dots_x).any(axis=(1, 3))
        if style not in self._names:
            self._names.append(style)
        number = self._names.index(style)
        strange = touched & (self._styles != number)
        self._dots[strange.repeat(self.dots_y, axis=0).repeat(self.dots_x, axis=1)] = False
        self._dots |= layer
        self._styles[touched] = number

    def _codes(self) -> list[str]:
        dots = self._dots.reshape(self.height, self.dots_y, self.width, self.dots_x).astype(int)
        if self.glyphs is Glyphs.BRAILLE:
            bits = np.einsum("hywx,yx->hw", dots, _BRAILLE)
            return ["".join(chr(0x2800 + b) if b else " " for b in row) for row in bits.tolist()]
        if self.glyphs is Glyphs.BLOCK:
            bits = np.einsum("hywx,yx->hw", dots, np.array([[1, 2], [4, 8]]))
            return ["".join(_QUADRANTS[b] for b in row) for row in bits.tolist()]
        bits = np.einsum("hywx,yx->hw", dots, np.array([[1], [2]]))
        return ["".join(_ASCII[b] for b in row) for row in bits.tolist()]
