"""Text laid into lines of so many cells: wrapped where it may grow, shortened in the middle where it may not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells, set_cell_size

from cockpit.tui.cells import Line

_WORD = re.compile(r"\s*\S+")


def wrap(text: str, width: int, name: str, *, indent: str = "") -> list[Line]:
    """``text`` in lines of at most ``width`` cells, broken at spaces; a word that is too long is cut.

    Spaces inside a line stay as they are. Every line begins with ``indent``; an empty text is one empty line.
    """
    return [[(indent + line, name)] for line in _wrapped(text.rstrip(), max(1, width - cell_len(indent)))]


def chop(text: str, width: int, name: str) -> list[Line]:
    """``text`` in full lines of ``width`` cells, cut anywhere: a command reads on where the line ends."""
    return [[(line, name)] for line in chop_cells(text, max(1, width)) or [text]]


def _wrapped(text: str, width: int) -> Iterator[str]:
    current = ""
    for word in _WORD.findall(text):
        if cell_len(current) + cell_len(word) <= width:
            current += word
            continue
        if current.strip():
            yield current
            current = word.lstrip()
        else:
            current = word
        if cell_len(current) > width:
            *full, current = chop_cells(current, width)
            yield from full
    yield current


def shorten(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, its middle left out; of a path whole names stay where they fit."""
    if cell_len(text) <= width:
        return text
    if width < 2:
        return "…"[:width]
    head, tail = (width - 1) // 2, width - 1 - (width - 1) // 2
    start, end = set_cell_size(text, head).rstrip(), _last_cells(text, tail)
    if "/" in text and " " not in text:
        start = start[: start.rfind("/") + 1] or start
        end = _last_cells(text, width - 1 - cell_len(start))
        end = end[max(0, end.find("/")) :]
    return f"{start}…{end}"


def _last_cells(text: str, width: int) -> str:
    return set_cell_size(text[::-1], width)[::-1].lstrip() if width > 0 else ""
