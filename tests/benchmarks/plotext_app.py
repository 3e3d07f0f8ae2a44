"""The cockpit's two charts drawn by textual-plotext, of the same size and as often: ``python plotext_app.py RUN``."""

import sys
import time
from pathlib import Path

from textual import work
from textual.app import App, ComposeResult
from textual.worker import get_current_worker
from textual_plotext import PlotextPlot

from cockpit.domain.run import RunState
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader

LOOK_EVERY = 0.5  # seconds, as the cockpit does on a run that is active


class PlotextApp(App[None]):
    """Loss over learning rate."""

    CSS = """
    Screen { align: center top; }
    #loss { width: 81; height: 24; }
    #rate { width: 81; height: 7; }
    """

    def __init__(self, run: RunPaths) -> None:
        super().__init__()
        self._reader = RunReader(run, series=True)

    def compose(self) -> ComposeResult:
        """Two charts."""
        yield PlotextPlot(id="loss")
        yield PlotextPlot(id="rate")

    def on_mount(self) -> None:
        """Look from the start."""
        self._look()

    @work(thread=True)
    def _look(self) -> None:
        worker = get_current_worker()
        while not worker.is_cancelled:
            self.call_from_thread(self._draw, self._reader.poll())
            time.sleep(LOOK_EVERY)

    def _draw(self, state: RunState) -> None:
        loss, rate = self.query(PlotextPlot)
        train, val, lr = (state.series[name] for name in ("train/loss", "val/loss", "lr"))
        loss.plt.clear_data()
        loss.plt.title(f"step {state.step}")
        loss.plt.plot(train.steps, train.values)
        loss.plt.plot(train.steps, train.smoothed)
        loss.plt.scatter(val.steps, val.values)
        rate.plt.clear_data()
        rate.plt.plot(lr.steps, lr.values)
        loss.refresh()
        rate.refresh()


if __name__ == "__main__":
    PlotextApp(RunPaths(Path(sys.argv[1]))).run()
