"""Every key in one table: bindings, footer, help and palette are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.domain.run import RunState


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does."""

    key: str  # Textual's name
    shown: str
    action: str
    label: str
    help: str
    footer: bool = False
    acts: bool = False  # changes something, and so is not there in a cockpit that only looks
    needs: str = ""  # what it needs to be of use: a "run", one that is "live", "listens" or "resumes"

    def useful(self, state: RunState | None) -> bool:
        """Whether pressing it now can do something; it works in any case, and says why not."""
        if state is None or not self.needs:
            return not self.needs
        live = state.state.active
        listens = state.listens and live
        resumes = not live and bool(state.last_checkpoint)
        return {"run": True, "live": live, "listens": listens, "resumes": resumes}[self.needs]


def _key(
    key: str, action: str, help: str, *, label: str = "", shown: str = "", footer: bool = False, acts: bool = False,
    needs: str = "",
) -> Key:  # fmt: skip
    """A key that is shown by its own name and labelled by its action, unless something else is said."""
    return Key(key, shown or key, action, label or action, help, footer, acts, needs)


KEYS = (
    _key("s", "start", "choose a config or a script, see its cost, start it", footer=True, acts=True),
    _key("x", "stop", "the ladder: stop with a checkpoint, terminate, kill", footer=True, acts=True, needs="live"),
    _key("c", "checkpoint", "save a checkpoint now", footer=True, acts=True, needs="listens"),
    _key("p", "pause", "hold the run at the next step, or let it go on", footer=True, acts=True, needs="listens"),
    _key("e", "modify", "change hyperparameters of the running experiment", label="edit", footer=True, acts=True,
         needs="listens"),
    _key("n", "note", "attach a note to the run, at its step", footer=True, acts=True, needs="run"),
    _key("r", "resume", "go on from the newest checkpoint of this run", footer=True, acts=True,
         needs="resumes"),
    _key("d", "delete", "checkpoint or run under the cursor: to the trash", footer=True, acts=True),
    _key("w", "share", "the checkpoint's weights: to a folder, or the hub", label="share weights", acts=True),
    _key("K", "keys", "API keys here; say what one is, let it through", acts=True),
    _key("u", "undo", "bring back what was deleted last", acts=True),
    _key("t", "stacks", "every Python stack: into the log, and here", acts=True),
    _key("g", "weights", "how far the next step moves each layer", acts=True),
    _key("R", "replay", "from before the first NaN, with anomaly detection", acts=True),
    _key("f", "fetch", "download data that cockpit.toml declares", label="fetch data", acts=True),
    _key("h", "handoff", "write the handoff document and show it", footer=True, acts=True, needs="run"),
    _key("enter", "zoom", "what is under the cursor; without one, enlarge", footer=True),
    _key("z", "enlarge", "enlarge the panel, a list too, or go back", label="zoom", footer=True),
    _key("a", "audit", "who allowed what, when, on which facts"),
    _key("escape", "unzoom", "back to the dashboard", label="back", shown="esc"),
    _key("l", "log_scale", "logarithmic y-axis of the focused chart", label="log scale"),
    _key("y", "metric", "choose which metric the main chart shows"),
    _key("m", "smoothing", "smoothed line, or the values as they are"),
    _key("plus,equals_sign", "zoom_in", "fewer steps on the charts", label="zoom in", shown="+"),
    _key("minus", "zoom_out", "more steps on the charts", label="zoom out", shown="-"),
    _key("left_square_bracket", "pan_left", "move the chart's window back", label="earlier", shown="["),
    _key("right_square_bracket", "pan_right", "move the chart's window on", label="later", shown="]"),
    _key("v", "edits", "how the config file differs from what is trained", label="config edits"),
    _key("1", "page('training')", "small terminals: the page of training", label="training"),
    _key("2", "page('runs')", "small terminals: the page of runs", label="runs"),
    _key("3", "page('machine')", "small terminals: the page of machine", label="machine"),
    _key("4", "page('checks')", "small terminals: the page of checks", label="checks"),
    _key("5", "page('log')", "small terminals: the page of log", label="log"),
    _key("q", "leave", "close the cockpit; training goes on", label="leave (training goes on)", footer=True),
    _key("question_mark", "help", "all keys and signs", shown="?", footer=True),
)  # fmt: skip


def keys(*, read_only: bool) -> tuple[Key, ...]:
    """Those there are."""
    return tuple(key for key in KEYS if not (read_only and key.acts))
