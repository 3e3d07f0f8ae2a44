"""Looking at runs, at the project, at logs."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections.abc import Iterator

from cockpit.commands.common import say
from cockpit.domain.criteria import unjudged
from cockpit.domain.glyphs import state_glyph
from cockpit.domain.marks import mark_text
from cockpit.domain.run import RunState
from cockpit.domain.summary import as_record
from cockpit.domain.text import age, count, number, safe
from cockpit.domain.trackers import Tracker
from cockpit.project import Project
from cockpit.runs.index import uncollected
from cockpit.runs.store import Catalogue, find_run
from cockpit.runs.tail import start_of_last_lines

_FOLLOW_EVERY = 0.25  # seconds


def runs(project: Project, arguments: Namespace) -> int:
    """A line a run, newest first."""
    with uncollected():
        states = Catalogue(project.runs_folder).poll()
        if arguments.json:
            print(json.dumps([as_record(state) for state in states]))
        elif not states:
            print(f"No runs in {project.runs_folder} yet. Start one: cockpit demo")
        else:
            print("\n".join(map(_run_line, states)))
    return 0


def _run_line(state: RunState) -> str:
    share = f"{state.fraction:4.0%}" if state.fraction is not None else "   –"
    best = f"{safe(state.best.metric)} {number(state.best.value)}" if state.best else "–"
    ago = age(time.time() - state.started) if state.started else "–"
    head = f"{state_glyph(state.state)} {state.short_id:<6} {safe(state.name, 24):<24} {state.state:<11}"
    return f"{head} {share}  {best:<20} {state.verdict:<11} {ago}"


def status(project: Project, arguments: Namespace) -> int:
    """One look at one run."""
    from cockpit.actions.edits import ConfigWatch  # neither for a list of runs
    from cockpit.runs.reader import RunReader

    paths = find_run(project.runs_folder, arguments.run)
    state = RunReader(paths).poll()
    edits = ConfigWatch(paths, state.launch).poll() if state.launch and state.state.active else ()
    text = "\n".join([_status_text(state), *(_edits_lines(edits) if edits else [])])
    say(as_record(state) | {"config_changes": list(edits)}, arguments, text)
    return 0


def _edits_lines(edits: tuple[str, ...]) -> list[str]:
    return ["config      was edited; this will not change the running experiment:", *(f"  {safe(e)}" for e in edits)]


def _status_text(state: RunState) -> str:
    left, best = state.eta, state.best
    lines = [
        ("run", state.id),
        ("state", f"{state_glyph(state.state)} {safe(state.told)}"),
        ("step", f"{count(state.step)} of {count(state.steps_total)}"),
        ("epoch", f"{count(None if state.epoch is None else state.epoch + 1)} of {count(state.epochs_total)}"),
        ("loss", f"train {number(state.loss_train)}, val {number(state.loss_val)}"),
        ("best", f"{safe(best.metric)} {number(best.value)} @ step {count(best.step)}" if best else "–"),
        ("lr", number(state.learning_rate)),
        ("ETA", " ".join(left.words) if left.seconds is not None else f"– ({left.reason})"),
        ("criteria", state.verdict or unjudged(state)),
        *[("trouble", safe(trouble.text, 400)) for trouble in state.troubles],
        ("checkpoint", safe(state.last_checkpoint, 400) if state.last_checkpoint else "none yet"),
        *((label, value) for tracker in state.trackers for label, value in _tracker_rows(tracker, state)),
        *([("last save", f"failed: {safe(state.save_error)}; older checkpoints are kept")] if state.save_error else []),
    ]  # fmt: skip
    lines += [(mark.kind, f"step {count(mark.step)}: {mark_text(mark)}") for mark in state.marks]
    return "\n".join(f"{label:<11} {value}" for label, value in lines)


def _tracker_rows(tracker: Tracker, state: RunState) -> Iterator[tuple[str, str]]:
    yield "tracker", safe(f"{tracker.name} {tracker.id}".rstrip(), 100)
    if line := tracker.command or tracker.page or tracker.place:
        yield "", safe(line, 1000)
    if line := tracker.tunnel(state.launch.host if state.launch else ""):
        yield "", safe(f"{line}   then {tracker.page}", 1000)


def logs(project: Project, arguments: Namespace) -> int:
    """The trainer's own output, as it is; control bytes made visible when a person looks at it."""
    from cockpit.runs.reader import RunReader

    paths = find_run(project.runs_folder, arguments.run)
    tty, reader = sys.stdout.isatty(), RunReader(paths)
    with open(paths.output, "rb") as file:
        file.seek(start_of_last_lines(file, arguments.lines) if arguments.lines > 0 else 0)
        goes_on = arguments.follow
        while True:
            for line in file:
                _print_log(line, tty)
            if not goes_on:
                return 0
            sys.stdout.flush()
            goes_on = reader.poll().state.active  # at the end once more around: its last words may just have come
            time.sleep(_FOLLOW_EVERY if goes_on else 0)


def _print_log(line: bytes, tty: bool) -> None:
    text = line.decode(errors="replace")
    sys.stdout.write(safe(text.rstrip("\n"), 10_000) + "\n" if tty else text)
