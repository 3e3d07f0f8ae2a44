"""A partial update changes the terminal into what a whole one would paint, in fewer bytes."""

import itertools
import random

import pyte
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from cockpit.tui.cells import changed_spans
from cockpit.tui.lean import LeanUpdate

WIDTH, HEIGHT, CUTS = 40, 6, (0, 13, 40)
STYLES = [
    Style.parse(text)
    for text in ("#4fb3ff", "bold #4fb3ff", "#87939e on #233f5c", "underline", "on red", "bold", "reverse", "")
]
CONSOLE = Console(color_system="truecolor", force_terminal=True)


def strip(cells):
    return Strip([Segment(character, style) for character, style in cells], len(cells))


def update(kind, before, after):
    chops = [{left: strip(row[left:right]) for left, right in itertools.pairwise(CUTS)} for row in after]
    spans = [
        (y, x, x + length)
        for y, (old, new) in enumerate(zip(before, after, strict=True))
        for x, length in changed_spans(old, new)
    ]
    return kind(chops, spans, [list(CUTS[1:])] * HEIGHT).render_segments(CONSOLE) if spans else ""


def painted(*sequences):
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    for text in sequences:
        stream.feed(text)
    return screen


def whole(grid):
    return "".join(f"\x1b[{y + 1};1H{strip(row).render(CONSOLE)}" for y, row in enumerate(grid))


def seen(screen):
    """What a person sees: the colour of a blank is not."""
    rows = [[screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]
    return [
        [c._replace(fg="default", bold=False) if c.data == " " and not (c.underscore or c.reverse) else c for c in row]
        for row in rows
    ]


def grid(chance):
    return [[(chance.choice("ab⣿ ●  "), chance.choice(STYLES)) for _ in range(WIDTH)] for _ in range(HEIGHT)]


@pytest.mark.parametrize("seed", range(30))
def test_the_screen_ends_as_a_whole_painting_would_leave_it(seed):
    chance = random.Random(seed)
    before = grid(chance)
    after = [[cell if chance.random() < 0.7 else new for cell, new in zip(*rows, strict=True)]
             for rows in zip(before, grid(chance), strict=True)]  # fmt: skip
    lean = painted(whole(before), update(LeanUpdate, before, after))
    assert seen(lean) == seen(painted(whole(after)))
    assert lean.cursor.attrs == pyte.Screen(1, 1).cursor.attrs, "what is written next has no style left over"


def test_one_digit_costs_no_row():
    before = [[("x", STYLES[0])] * WIDTH for _ in range(HEIGHT)]
    after = [list(row) for row in before]
    after[2][38] = ("9", STYLES[0])
    assert update(LeanUpdate, before, after) == "\x1b[3;39H\x1b[38;2;79;179;255m9\x1b[m"
    assert len(update(ChopsUpdate, before, after)) > 500
