"""What each command of ``cockpit`` does: call an action, print the result."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from cockpit.domain.guard import Action, Answer, Guard, Permit, Question
from cockpit.domain.run import RunState, State
from cockpit.domain.summary import as_record
from cockpit.domain.text import age, count, number, rough_duration, safe
from cockpit.errors import CockpitError, NeedsPermission, UsageError
from cockpit.project import Project, find_project
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.store import Catalogue, find_run

GLYPHS = {
    State.RUNNING: "●", State.VALIDATING: "◐", State.SAVING: "◐", State.LAUNCHING: "◐", State.PAUSED: "‖",
    State.STALLED: "!", State.STOPPING: "◐", State.STOPPED: "■", State.FINISHED: "✓", State.FAILED: "✗",
    State.KILLED: "✗", State.INTERRUPTED: "✗", State.UNKNOWN: "?",
}  # fmt: skip


def run(arguments: Namespace) -> int:
    """Carry out what was parsed; returns the exit code."""
    project = _project(arguments)
    command = arguments.command
    if command is None:
        return _open(project, arguments)
    handler = globals()[f"_{command.replace('-', '_')}"]
    code: int = handler(project, arguments)
    return code


def print_error(error: CockpitError, *, as_json: bool = False) -> None:
    """The error on stderr, and as JSON on stdout where JSON was asked for."""
    facts = error.facts if isinstance(error, NeedsPermission) else None
    if as_json:
        record = {"error": error.title, "message": error.message, "hint": error.hint}
        print(json.dumps(record | ({"facts": facts} if facts else {})))
    else:
        print(f"{error.title}: {error.message}", file=sys.stderr)
        for label, value in (facts or {}).items():
            print(f"  {label:<12} {value}", file=sys.stderr)
        if error.hint:
            print(error.hint, file=sys.stderr)


def _project(arguments: Namespace) -> Project:
    if arguments.project is None:
        return find_project(Path.cwd())
    folder = Path(arguments.project)
    if not folder.is_dir():
        raise UsageError(f"{safe(folder)} is not a folder", "No such project")
    return Project(folder.absolute())


def _say(record: Any, arguments: Namespace, text: str) -> None:
    print(json.dumps(record) if arguments.json else text)


# -- the screen -------------------------------------------------------------------------------------------


def _open(project: Project, arguments: Namespace, *, selected: str | None = None, config: str | None = None) -> int:
    """The cockpit itself; what it leaves behind is told on the normal screen."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The cockpit needs a terminal", "No terminal here", "Without one: cockpit status, cockpit runs"
        )
    from cockpit.tui.main import open_cockpit

    leave = open_cockpit(project, ascii_only=arguments.ascii, selected=selected, ask_to_start=config)
    if leave is not None and leave.run_id is not None:
        from cockpit.runs.documents import write_handoff

        handoff = write_handoff(RunPaths(project.runs_folder / leave.run_id))
        print(f"{leave.run_id} goes on without the cockpit.")
        print(f"  come back   cd {project.root} && cockpit")
        print(f"  look        cockpit status {leave.run_id.rsplit('-', 1)[-1]}")
        print(f"  handoff     {handoff.markdown_path}")
    return 0


def _demo(project: Project, arguments: Namespace) -> int:
    """The small GPT, with data and runs below the current directory."""
    here = Project(Path.cwd())
    if not arguments.yes and not arguments.detach and sys.stdin.isatty() and sys.stdout.isatty():
        print(f"cockpit keeps data and runs under {here.root}")
        return _open(here, arguments, config="gpt-stdlib")
    arguments.config, arguments.overrides, arguments.json = "gpt-stdlib", [], False
    return _start(here, arguments)


# -- starting and stopping --------------------------------------------------------------------------------


def _consent(guard: Guard, question: Question, yes: bool, command: str) -> Permit:
    """A permit by ``--yes``, or by a person at this terminal."""
    if yes:
        return guard.permit(question, Answer.yes())
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        facts = question.as_facts() | {"command": question.command, "cannot undo": question.cannot_undo}
        raise NeedsPermission(question.title, {k: v for k, v in facts.items() if v}, f"To allow it: {command} --yes")
    print(f"{question.title}\n{question.will}")
    for fact in question.facts:
        print(f"  {fact.label:<14} {'! ' if fact.level else ''}{fact.value}")
    if question.command:
        print(f"  {question.command}")
    if question.cannot_undo:
        print(question.cannot_undo)
    answer = input(f"{question.yes}? [y/N] ").strip().lower()
    return guard.permit(question, Answer.yes() if answer in ("y", "yes") else Answer.no())


def _start(project: Project, arguments: Namespace) -> int:
    from cockpit.actions.start import find_config, plan_start, start

    guard = Guard(time.monotonic)
    plan = plan_start(
        project, find_config(project, arguments.config), arguments.overrides, test=arguments.command == "demo"
    )
    permit = _consent(guard, plan.question, arguments.yes, f"cockpit start {arguments.config}")
    made = start(plan, permit, guard)
    return _after_launch(project, arguments, made)


def _after_launch(project: Project, arguments: Namespace, made: RunPaths) -> int:
    _say({"run": made.id, "path": str(made.root)}, arguments, f"{made.id} is training.\n  {made.root}")
    if not arguments.detach and not arguments.json and sys.stdin.isatty() and sys.stdout.isatty():
        return _open(project, arguments, selected=made.id)
    return 0


def _resume(project: Project, arguments: Namespace) -> int:
    from cockpit.actions.resume import plan_resume, resume

    guard = Guard(time.monotonic)
    paths = find_run(project.runs_folder, arguments.run)
    plan = plan_resume(paths, arguments.checkpoint)
    permit = _consent(guard, plan.question, arguments.yes, f"cockpit resume {paths.id}")
    resume(plan, permit, guard)
    return _after_launch(project, arguments, paths)


def _stop(project: Project, arguments: Namespace) -> int:
    from cockpit.actions import control

    paths = find_run(project.runs_folder, arguments.run)
    action = Action.TERMINATE if arguments.terminate else Action.KILL if arguments.kill else Action.STOP
    guard = Guard(time.monotonic)
    question = control.stop_question(paths, action)
    # asking to stop with a checkpoint loses nothing, so naming the run is consent enough
    agreed = arguments.yes or action is Action.STOP
    request = control.stop(paths, _consent(guard, question, agreed, f"cockpit stop {paths.id}"), guard)
    if request is not None:
        answer = control.wait_for_answer(paths, request, arguments.wait)
        if not arguments.json:
            print(control.answer_text(answer))
    state = control.wait_for_end(paths, arguments.wait)
    _say(as_record(state), arguments, f"{paths.id}: {state.state}, {safe(state.evidence)}")
    return 0 if not state.state.active else 1


def _request(project: Project, arguments: Namespace) -> int:
    from cockpit.actions import control

    paths = find_run(project.runs_folder, arguments.run)
    request = control.ask(paths, arguments.command)
    answer = control.wait_for_answer(paths, request, arguments.wait)
    _say({k: v for k, v in answer.items() if k != "schema"}, arguments, control.answer_text(answer))
    return 0


_checkpoint = _pause = _continue = _request


# -- looking ----------------------------------------------------------------------------------------------


def _runs(project: Project, arguments: Namespace) -> int:
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
    glyph = GLYPHS[state.state]
    return f"{glyph} {state.short_id:<6} {safe(state.name, 24):<24} {state.state:<11} {share}  {best:<20} {ago}"


def _status(project: Project, arguments: Namespace) -> int:
    paths = find_run(project.runs_folder, arguments.run)
    state = RunReader(paths).poll()
    _say(as_record(state), arguments, _status_text(state))
    return 0


def _status_text(state: RunState) -> str:
    left, best = state.eta, state.best
    eta = f"{rough_duration(left.seconds)} ({rough_duration(left.low)}–{rough_duration(left.high)})"
    lines = [
        ("run", state.id),
        ("state", f"{GLYPHS[state.state]} {state.state}: {safe(state.evidence)}"),
        ("step", f"{count(state.step)} of {count(state.steps_total)}"),
        ("epoch", f"{count(None if state.epoch is None else state.epoch + 1)} of {count(state.epochs_total)}"),
        ("loss", f"train {number(state.loss_train)}, val {number(state.loss_val)}"),
        ("best", f"{safe(best.metric)} {number(best.value)} @ step {count(best.step)}" if best else "–"),
        ("lr", number(state.learning_rate)),
        ("ETA", eta if left.seconds is not None else f"– ({left.reason})"),
        ("checkpoint", safe(state.last_checkpoint, 400) if state.last_checkpoint else "none yet"),
    ]  # fmt: skip
    return "\n".join(f"{label:<11} {value}" for label, value in lines)


def _handoff(project: Project, arguments: Namespace) -> int:
    from cockpit.runs.atomic import write_atomic
    from cockpit.runs.documents import write_handoff

    handoff = write_handoff(find_run(project.runs_folder, arguments.run))
    content = json.dumps(handoff.document, indent=1) if arguments.json else handoff.markdown.rstrip()
    if arguments.output:
        try:
            write_atomic(Path(arguments.output), content + "\n")
        except OSError as error:
            raise UsageError(f"{safe(arguments.output)}: {error.strerror}", "Cannot write there") from None
    print(content)
    return 0


def _check(project: Project, arguments: Namespace) -> int:
    from dataclasses import asdict

    from cockpit.domain.checklist import checklist, ready
    from cockpit.probes.gpu import GpuProbe
    from cockpit.project import gather

    checks = checklist(gather(project, GpuProbe().sample()))
    if arguments.json:
        print(json.dumps({"ready": ready(checks), "checks": [asdict(check) for check in checks]}))
    else:
        for check in checks:
            print(f"{ {'ok': '✓', 'warn': '⚠', 'bad': '✗'}[check.status] } {check.label:<12} {safe(check.detail)}")
            if check.remedy:
                print(f"               {check.remedy}")
    return 0 if ready(checks) else 1


def _logs(project: Project, arguments: Namespace) -> int:
    """The trainer's own output, as it is; control bytes made visible when a person looks at it."""
    paths = find_run(project.runs_folder, arguments.run)
    tty = sys.stdout.isatty()
    with open(paths.output, errors="replace") as file:
        lines = file.readlines()
        for line in lines[-arguments.lines :] if arguments.lines > 0 else lines:
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


def _print_log(line: str, tty: bool) -> None:
    sys.stdout.write(safe(line.rstrip("\n"), 10_000) + "\n" if tty else line)
