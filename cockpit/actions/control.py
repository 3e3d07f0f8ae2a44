"""Reaching into a live run: checkpoint now, pause, and the ladder of stopping."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cockpit.domain.guard import Consent, Fact, Guard, Permit, Question
from cockpit.domain.lifecycle import silence
from cockpit.domain.policy import Action
from cockpit.domain.run import Checkpoint, RunState
from cockpit.domain.state import State
from cockpit.domain.text import count, counted, duration, safe, size
from cockpit.errors import NotPossible
from cockpit.runner import control
from cockpit.runner.locks import wait_for_runner
from cockpit.runs import requests
from cockpit.runs.fold import TrainerFold, integer, text
from cockpit.runs.journal import Event, JournalTail
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.requests import Request

_POLL = 0.1  # seconds
_WILL = {
    Action.STOP: "A checkpoint is saved at the next step; then the run ends.",
    Action.TERMINATE: "The trainer gets SIGTERM: it saves a checkpoint at its next step, if it comes to one, and ends.",
    Action.KILL: "The trainer and all its processes get SIGKILL and end at once; nothing is saved.",
}
_DEAF = "The script gets SIGTERM, which ends it at once unless it minds that by itself."
_HARMLESS = ("checkpoint", "pause", "continue", "weights")  # requests that need nobody's yes


@dataclass(frozen=True, slots=True)
class Rung:
    """One way of stopping, with what it costs; ``why_not`` if it cannot be had."""

    action: Action
    label: str
    consequence: str
    why_not: str = ""


def ladder(state: RunState) -> tuple[Rung, ...]:
    """The ways to stop a run, gentlest first."""
    lost = _lost(state, _steps_unsaved(state))
    over = "" if state.state.active else "it has ended, and has left processes"
    gentle = over or _why_not_gently(state)
    saves = "" if _deaf(state) else "it saves a checkpoint if it reaches a step, else "
    return (
        Rung(Action.STOP, "stop at the next step", "saves a checkpoint first; at most one step is lost", gentle),
        Rung(Action.TERMINATE, "terminate", f"SIGTERM; {saves}{lost}", over),
        Rung(Action.KILL, "kill", "SIGKILL, at once; " + lost),
    )


def _why_not_gently(state: RunState) -> str:
    if state.state in (State.LAUNCHING, State.STOPPING):
        return f"the run is {state.state}"
    if state.growth is not None:
        return "the run is suspended and takes no step; terminate reaches it"
    return _deaf(state)


def _deaf(state: RunState) -> str:
    """Why a request would never be read; empty where somebody reads it, or will."""
    launch = state.launch
    if launch is None or launch.framework is None or state.listens or state.state is State.LAUNCHING:
        return ""
    return "nothing in this script listens for requests"


def _lost(state: RunState, steps: int | None = None) -> str:
    newest = _newest(state)
    if newest is None and _deaf(state):
        return "what it has not saved by itself is lost"
    if newest is None:
        return "all work so far is lost: no checkpoint has been saved"
    at = time.strftime("%H:%M", time.localtime(newest.time)) if newest.time else "?"
    many = "" if steps is None else f", {counted(steps, 'step')},"
    return f"work since {at}{many} is lost"


def _steps_unsaved(state: RunState) -> int:
    newest = _newest(state)
    saved = newest.step if newest and newest.step is not None else 0
    return max(0, (state.step or 0) - saved)


def _newest(state: RunState) -> Checkpoint | None:
    return next((c for c in state.checkpoints if c.step is not None), None)


def stop_question(run: RunPaths, action: Action) -> Question:
    """What is asked before a rung is taken.

    Raises:
        NotPossible: the run is not active.
    """
    state = _active_or_left(run) if action is Action.KILL else _active(run)
    rung = next(rung for rung in ladder(state) if rung.action is action)
    if rung.why_not:
        raise NotPossible(f"{state.id}: {rung.why_not}", "Cannot stop it that way")
    pids = ", ".join(map(str, state.remaining)) or str(state.pid)
    facts = [Fact("run", state.id), Fact("pid", pids), Fact("can be resumed", _resumable(state))]
    if action is not Action.STOP and not (_deaf(state) and _newest(state) is None):
        facts.append(Fact("steps unsaved", count(_steps_unsaved(state)), "warn", moving=True))
    return Question(
        action=action,
        subject=state.short_id,
        title=f"{rung.label.capitalize()}: {safe(state.name)} {state.short_id}?",
        will=_DEAF if action is Action.TERMINATE and _deaf(state) else _WILL[action],
        facts=tuple(facts),
        cannot_undo=_cannot_undo(state, action),
        yes=rung.label.capitalize(),
        consent=Consent.LIGHT,
    )


def _cannot_undo(state: RunState, action: Action) -> str:
    if action is Action.STOP:
        return "At most one step is lost."
    lost = _lost(state)
    at_once = action is Action.KILL or _deaf(state)
    return f"{lost[0].upper()}{lost[1:]}." if at_once else f"If it reaches no step, {lost}."


def _resumable(state: RunState) -> str:
    if state.checkpoints:
        return "yes, from its last checkpoint"
    return "by its own command alone: no checkpoint is known" if _deaf(state) else "only from the beginning"


def stop(run: RunPaths, permit: Permit, guard: Guard) -> Request | None:
    """Take the rung that the permit is for; a request for the gentle one, None for a signal.

    Raises:
        PermitVoid: the permit does not cover it.
        NotPossible: there is nothing that can safely be stopped.
    """
    with guard.spend(permit, stop_question(run, permit.action)):
        if permit.action is Action.STOP:
            return requests.send(run, "stop")
        who = requests.me()
        if permit.action is Action.TERMINATE:
            control.terminate(run, who)
        else:
            control.kill(run, who)
    return None


def ask(run: RunPaths, verb: str) -> Request:
    """Send a harmless request: ``checkpoint``, ``pause``, ``continue`` or ``weights``.

    Raises:
        ValueError: another, which needs a permit.
        NotPossible: the run is not active, or nothing in it listens.
    """
    if verb not in _HARMLESS:
        raise ValueError(verb)
    if why := _deaf(_active(run)):
        raise NotPossible(why, f"Cannot {verb}", "A loop listens for stop by emit.should_stop(); else by its own means")
    return requests.send(run, verb)


def wait_for_answer(
    run: RunPaths, request: Request, seconds: float, tick: Callable[[float], None] = time.sleep
) -> Event:
    """The trainer's acknowledgement.

    Raises:
        NotPossible: none came in time, the trainer refused, or it ended first; the message says which.
    """
    tail, fold, reader = JournalTail(run.journal), TrainerFold(), RunReader(run)
    deadline = time.monotonic() + seconds
    while True:
        for event in tail.poll()[0]:
            fold.apply(event)
        answer = fold.acknowledged.get(request.id)
        if answer is not None:
            if not answer.get("ok"):
                raise NotPossible(f"The trainer refused: {safe(answer.get('detail'))}", "It was not done")
            return answer
        state = reader.poll()
        if not state.state.active:
            raise NotPossible(f"The run ended first: {state.told}", "It was not done")
        if time.monotonic() >= deadline:
            raise NotPossible(
                f"Not acknowledged for {duration(seconds)}: {silence(fold.phase or state.state)}",
                "No answer yet",
                "It stays asked; look again later",
            )
        tick(_POLL)


def wait_for_end(run: RunPaths, seconds: float) -> RunState:
    """The state once the process is gone and its handoff is written, or after ``seconds``."""
    reader = RunReader(run)
    deadline = time.monotonic() + seconds
    while (state := reader.poll()).state.active and time.monotonic() < deadline:
        time.sleep(_POLL)
    if not state.state.active:
        wait_for_runner(run)
    return state


def answer_text(answer: Event) -> str:
    """An acknowledgement for a person."""
    path, detail = text(answer.get("path")), safe(answer.get("detail"))
    if not path:
        return detail
    bytes_ = integer(answer.get("bytes"))
    saved = [size(bytes_)] if bytes_ is not None else []
    saved += ["verified"] if answer.get("verified") else []
    return f"{detail}; {', '.join([*saved, safe(path)])}"


def _active(run: RunPaths) -> RunState:
    state = RunReader(run).poll()
    if not state.state.active:
        hint = f"End what it has left: cockpit stop {state.id} --kill" if state.remaining else ""
        raise NotPossible(f"{state.id} is {state.told}", "It is not running", hint)
    return state


def _active_or_left(run: RunPaths) -> RunState:
    """Likewise; one that is over and has left processes will do."""
    state = RunReader(run).poll()
    return state if state.remaining else _active(run)
