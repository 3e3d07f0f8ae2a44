"""The terminal as Textual drives it, written to by standard output.

Textual writes to standard error, so that a program's output can go elsewhere; a cockpit has no other output, and
``cockpit 2>errors`` would leave the person before an empty screen.
"""

from __future__ import annotations

import sys

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver


class OutputDriver(LinuxDriver):
    """Textual's driver with the screen on standard output; the arguments are Textual's."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = sys.__stdout__
