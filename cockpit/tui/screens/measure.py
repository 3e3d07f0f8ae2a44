"""How far a dry run is."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual import events

from cockpit.actions.estimate import Progress
from cockpit.domain.text import duration, safe
from cockpit.tui.cells import Line
from cockpit.tui.prose import wrap
from cockpit.tui.screens.box import BoxScreen, keys_line
from cockpit.tui.signs import bar

_WHAT = (
    "Some real steps, a few validation batches and one save, in a process of its own. "
    "It gets no production key, reaches no tracker, and leaves nothing behind."
)
_OF_A_SCRIPT = (
    "What the script does before its first step is done for real, and so is what its callbacks do in the measured "
    "ones. A few validation batches and one save are timed too; then it is ended: nothing that it does afterwards "
    "happens. It gets no production key, and its Trainer reaches no tracker and saves nothing."
)
_PHASES = {
    "starting": "starting the trainer",
    "preparing": "preparing data and model",
    "setting up": "setting up",
    "validating": "validating a few batches",
    "measuring": "measuring steps",
    "saving": "saving one checkpoint",
}
_BAR = 24  # cells


class MeasureScreen(BoxScreen[None]):
    """The phase of a dry run and its steps; whoever measures shows them here and closes it."""

    largest = 72

    def __init__(self, name: str, *, script: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(f"Measuring {safe(name)}")
        self._what = _OF_A_SCRIPT if script else _WHAT
        self.progress = Progress("starting")
        self.called_off = False
        self._clock, self._began = clock, clock()

    def on_mount(self) -> None:
        """The time goes on while nothing else does."""
        super().on_mount()
        self.set_interval(1.0, self.layout_box)

    def show(self, progress: Progress) -> None:
        """It is this far."""
        self.progress = progress
        self.layout_box()

    def lines(self, width: int, height: int) -> list[Line]:
        """What is done, and where it is."""
        progress = self.progress
        phase = "ending it" if self.called_off else _PHASES.get(progress.phase, safe(progress.phase))
        took = duration(self._clock() - self._began)
        lines = [*wrap(self._what, width, "dim"), [], [(phase, "text"), (f", {took}", "dim")]]
        if progress.of and not self.called_off:
            done = bar(progress.step / progress.of, _BAR, "accent", "faint", plain=self.box.ascii)
            lines.append([*done, (f" step {progress.step} of {progress.of}", "text")])
        else:
            lines.append([])
        return lines

    def foot(self, width: int) -> list[Line]:
        """What to press."""
        return [keys_line(width, ("esc", "cancel"))]

    def on_key(self, event: events.Key) -> None:
        """Escape calls it off; whoever measures closes the screen once nothing of it is left."""
        event.stop()
        if event.key == "escape":
            self.called_off = True
            self.layout_box()
