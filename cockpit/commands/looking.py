"""Looking at runs, at the project, at logs."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from dataclasses import asdict

from cockpit.commands.common import say, say_checks
from cockpit.domain.glyphs import state_glyph
from cockpit.domain.run import RunState
from cockpit.domain.summary import as_record
from cockpit.domain.text import age, count, number, rough_duration, safe
from cockpit.project import Project
from cockpit.runs.reader import RunReader
from cockpit.runs.store import Catalogue, find_run
from cockpit.runs.tail import start_of_last_lines


def runs(project: Project, arguments: Namespace) -> int:
    """A line a run, newest first."""
    states = Catalogue(project.runs_folder).poll()
    if arguments.json:
        print(json.dumps([as_record(state) for state in states]))
    elif not states:
        print(f"No runs in {project.runs_folder} yet. Start one: cockpit demo")
    for state in () if arguments.json else states:
        print(_run_line(state))
    return 0


def _run_line(state: RunState) -> str:
    share = f"{state.fraction:4.0%}" if state.fraction is not None else "   –"
    best = f"{safe(state.best.metric)} {number(state.best.value)}" if state.best else "–"
    ago = age(time.time() - state.started) if state.started else "–"
    glyph = state_glyph(state.state)
    return f"{glyph} {state.short_id:<6} {safe(state.name, 24):<24} {state.state:<11} {share}  {best:<20} {ago}"


def status(project: Project, arguments: Namespace) -> int:
    """One look at one run."""
    paths = find_run(project.runs_folder, arguments.run)
    state = RunReader(paths).poll()
    say(as_record(state), arguments, _status_text(state))
    return 0


def _status_text(state: RunState) -> str:
    left, best = state.eta, state.best
    eta = f"{rough_duration(left.seconds)} ({rough_duration(left.low)}–{rough_duration(left.high)})"
    lines = [
        ("run", state.id),
        ("state", f"{state_glyph(state.state)} {state.state}: {safe(state.evidence)}"),
        ("step", f"{count(state.step)} of {count(state.steps_total)}"),
        ("epoch", f"{count(None if state.epoch is None else state.epoch + 1)} of {count(state.epochs_total)}"),
        ("loss", f"train {number(state.loss_train)}, val {number(state.loss_val)}"),
        ("best", f"{safe(best.metric)} {number(best.value)} @ step {count(best.step)}" if best else "–"),
        ("lr", number(state.learning_rate)),
        ("ETA", eta if left.seconds is not None else f"– ({left.reason})"),
        ("checkpoint", safe(state.last_checkpoint, 400) if state.last_checkpoint else "none yet"),
        *([("last save", f"failed: {safe(state.save_error)}; older checkpoints are kept")] if state.save_error else []),
    ]  # fmt: skip
    return "\n".join(f"{label:<11} {value}" for label, value in lines)


def check(project: Project, arguments: Namespace) -> int:
    """Is the project ready? 1 where something is not."""
    from cockpit.domain.checklist import checklist, ready
    from cockpit.probes.gpu import GpuProbe
    from cockpit.project import gather

    found = checklist(gather(project, GpuProbe().sample()))
    if arguments.json:
        print(json.dumps({"ready": ready(found), "checks": [asdict(one) for one in found]}))
    else:
        say_checks(found)
    return 0 if ready(found) else 1


def logs(project: Project, arguments: Namespace) -> int:
    """The trainer's own output, as it is; control bytes made visible when a person looks at it."""
    paths = find_run(project.runs_folder, arguments.run)
    tty = sys.stdout.isatty()
    with open(paths.output, "rb") as file:
        file.seek(start_of_last_lines(file, arguments.lines) if arguments.lines > 0 else 0)
        for line in file:
            _print_log(line, tty)
        while arguments.follow:
            line = file.readline()
            if line:
                _print_log(line, tty)
            elif not RunReader(paths).poll().state.active:
                break
            else:
                sys.stdout.flush()
                time.sleep(0.25)
    return 0


def _print_log(line: bytes, tty: bool) -> None:
    text = line.decode(errors="replace")
    sys.stdout.write(safe(text.rstrip("\n"), 10_000) + "\n" if tty else text)
