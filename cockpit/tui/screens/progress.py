"""How far a download is, and the key that ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events

from cockpit.domain.text import pair, rough_duration, safe, size
from cockpit.tui.cells import Line
from cockpit.tui.screens.box import BoxScreen, keys_line
from cockpit.tui.signs import bar

if TYPE_CHECKING:
    from cockpit.fetching.download import Stride

_EVERY = 0.25  # seconds


@dataclass
class Download:
    """One that is under way; a worker writes ``stride`` and ``over``, a person ``cancelled``."""

    name: str
    stride: Stride | None = None
    cancelled: bool = False
    over: bool = False

    @property
    def told(self) -> str:
        """In a few words, for the status line."""
        stride = self.stride
        if stride is None:
            return f"{self.name}: asking the server"
        share = f" {stride.done / stride.total:.0%}" if stride.total else ""
        return f"{self.name}: {stride.phase}{share} {pair(stride.done, stride.total)}"


class ProgressScreen(BoxScreen[None]):
    """The bar of a download; it closes when that is over."""

    largest = 72

    def __init__(self, download: Download) -> None:
        super().__init__(f"Download {download.name}")
        self.download = download

    def on_mount(self) -> None:
        """Look again and again."""
        super().on_mount()
        self.set_interval(_EVERY, self._look)

    def _look(self) -> None:
        if self.download.over:
            self.dismiss(None)
        else:
            self.layout_box()

    def lines(self, width: int, height: int) -> list[Line]:
        """What, how much of it, how fast."""
        stride = self.download.stride
        if stride is None:
            return [[("asking the server…", "dim")]]
        left = (stride.total - stride.done) / stride.rate if stride.total is not None and stride.rate else None
        speed = f"{size(stride.rate)}/s" if stride.rate else "–"
        return [
            [(safe(stride.file), "text")],
            bar(stride.done / stride.total if stride.total else None, width, "accent", "faint", plain=self.box.ascii),
            [(f"{stride.phase}  ", "dim"), (pair(stride.done, stride.total), "strong"), (f"  {speed}", "text"),
             (f"  {rough_duration(left)} left" if left is not None else "", "dim")],
        ]  # fmt: skip

    def foot(self, width: int) -> list[Line]:
        """What to press."""
        if self.download.cancelled:
            return [[("stopping…", "dim")]]
        return [keys_line(width, ("esc", "go on behind"), ("x", "stop; f goes on from there later"))]

    def on_key(self, event: events.Key) -> None:
        """Hide it, or end it."""
        event.stop()
        if event.key in ("escape", "q", "enter"):
            self.dismiss(None)
        elif event.key == "x":
            self.download.cancelled = True
            self.layout_box()
