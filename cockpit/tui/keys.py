"""Every key in one table: bindings, footer, help and palette are made from it."""

from __future__ import annotations

from dataclasses import dataclass


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


KEYS = (
    Key("s", "s", "start", "start", "choose a config, see what it costs, start training", footer=True, acts=True),
    Key("x", "x", "stop", "stop", "the ladder: stop with a checkpoint, terminate, kill", footer=True, acts=True),
    Key("c", "c", "checkpoint", "checkpoint", "save a checkpoint now", footer=True, acts=True),
    Key("p", "p", "pause", "pause", "hold the run at the next step, or let it go on", acts=True),
    Key("r", "r", "resume", "resume", "go on from the newest checkpoint of this run", footer=True, acts=True),
    Key("d", "d", "delete", "delete", "checkpoint or run under the cursor: to the trash", acts=True),
    Key("u", "u", "undo", "undo", "bring back what was deleted last", acts=True),
    Key("h", "h", "handoff", "handoff", "write the handoff document and show it", footer=True, acts=True),
    Key(
        "enter",
        "enter",
        "zoom",
        "zoom",
        "panel to full screen; on a check its remedy; on a run, select it",
        footer=True,
    ),
    Key("escape", "esc", "unzoom", "back", "back to the dashboard"),
    Key("l", "l", "log_scale", "log scale", "logarithmic y-axis of the focused chart"),
    Key("m", "m", "smoothing", "smoothing", "smoothed line, or the values as they are"),
    Key("plus,equals_sign", "+", "zoom_in", "zoom in", "fewer steps on the charts"),
    Key("minus", "-", "zoom_out", "zoom out", "more steps on the charts"),
    Key("left_square_bracket", "[", "pan_left", "earlier", "move the chart's window back"),
    Key("right_square_bracket", "]", "pan_right", "later", "move the chart's window on"),
    Key("1", "1", "page('training')", "training", "small terminals: the training page"),
    Key("2", "2", "page('runs')", "runs", "small terminals: runs and checkpoints"),
    Key("3", "3", "page('machine')", "machine", "small terminals: GPU and host"),
    Key("4", "4", "page('checks')", "checks", "small terminals: the checklist"),
    Key("5", "5", "page('log')", "log", "small terminals: the log"),
    Key("q", "q", "leave", "leave (training goes on)", "close the cockpit; training goes on", footer=True),
    Key("question_mark", "?", "help", "help", "all keys and signs", footer=True),
)


def keys(*, read_only: bool) -> tuple[Key, ...]:
    """Those there are."""
    return tuple(key for key in KEYS if not (read_only and key.acts))
