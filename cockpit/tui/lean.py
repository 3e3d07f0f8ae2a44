"""Sends the cells that changed and no more.

Textual draws a changed span from the left edge of its widget on, and ends every piece of text with a reset. Over SSH
that is six times what a frame of a live run needs: a digit at the right of a panel costs the whole row.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual.strip import Strip


class LeanCompositor(Compositor):
    """Textual's compositor with a smaller form of its partial updates."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """What changed since the last update, or None."""
        update = super().render_partial_update()
        return None if update is None else LeanUpdate(update.chops, update.spans, update.chop_ends)


class LeanUpdate(ChopsUpdate):
    """Spans of changed cells; a style is named where it begins, not around every piece of text."""

    def render_segments(self, console: Console) -> str:
        """The bytes for the terminal."""
        colours = console._color_system or ColorSystem.TRUECOLOR
        out: list[str] = []
        current, held = "", None  # the style the terminal has now: its SGR numbers, and itself
        for y, x, segments in self._pieces():
            out.append(f"\x1b[{y + 1};{x + 1}H")
            for text, style, _ in segments:
                wanted = style._make_ansi_codes(colours) if style is not None else ""
                invisible = wanted == "" and text.isspace() and not _shows_on_blanks(held)
                if wanted != current and not invisible:
                    out.append(f"\x1b[{'0;' * bool(current and wanted)}{wanted}m")
                    current, held = wanted, style
                out.append(text)
        return "".join([*out, "\x1b[m" if current else ""])

    def _pieces(self) -> Iterator[tuple[int, int, Strip]]:
        """Row, column and cells of every stretch to paint."""
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is not None and x < x2 and x1 < end:
                    start = max(x, x1)
                    yield y, start, strip.crop(start - x, min(end, x2) - x)


def _shows_on_blanks(style: Style | None) -> bool:
    return style is not None and bool(style.bgcolor or style.reverse or style.underline or style.strike)
