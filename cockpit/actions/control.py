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
from cockpit.domain.text import count, duration, safe, size
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
    gentle = "" if state.state not in (State.LAUNCHING, State.STOPPING) else f"the run is {state.state}"
    return (
        Rung(Action.STOP, "stop at the next step", "saves a checkpoint first; at most one step is lost", gentle),
        Rung(Action.TERMINATE, "terminate", "SIGTERM; it saves a checkpoint if it reaches a step, else " + lost),
        Rung(Action.KILL, "kill", "SIGKILL, at once; " + lost),
    )


def _lost(state: RunState, steps: str = "") -> str:
    newest = _newest(state)
    if newest is None:
        return "all work so far is lost: no checkpoint has been saved"
    at = time.strftime("%H:%M", time.localtime(newest.time)) if newest.time else "?"
    return f"work since {at}{f', {steps} steps,' if steps else ''} is lost"


def _steps_unsaved(state: RunState) -> str:
    newest = _newest(state)
    saved = newest.step if newest and newest.step is not None else 0
    return count(max(0, (state.step or 0) - saved))


def _newest(state: RunState) -> Checkpoint | None:
    return next((c for c in state.checkpoints if c.step is not None), None)


def stop_question(run: RunPaths, action: Action) -> Question:
    """What is asked before a rung is taken.

    Raises:
        NotPossible: the run is not active.
    """
    state = _active(run)
    rung = next(rung for rung in ladder(state) if rung.action is action)
    if rung.why_not:
        raise NotPossible(f"{state.id}: {rung.why_not}", "Cannot stop it that way")
    facts = [Fact("run", state.id), Fact("pid", str(state.pid)), Fact("can be resumed", _resumable(state))]
    if action is not Action.STOP:
        facts.append(Fact("steps unsaved", _steps_unsaved(state), "warn", moving=True))
    return Question(
        action=action,
        subject=state.short_id,
        title=f"{rung.label.capitalize()}: {safe(state.name)} {state.short_id}?",
        will=f"The run ends: {rung.label}.",
        facts=tuple(facts),
        cannot_undo=_lost(state).capitalize() + "." if action is Action.KILL else "",
        yes=rung.label.capitalize(),
        consent=Consent.LIGHT,
    )


def _resumable(state: RunState) -> str:
    return "yes, from its last checkpoint" if state.checkpoints else "only from the beginning"


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
    """Send a harmless request: ``checkpoint``, ``pause`` or ``continue``.

    Raises:
        NotPossible: the run is not active.
    """
    _active(run)
    return requests.send(run, verb)


def wait_for_answer(
    run: RunPaths, request: Request, seconds: float, tick: Callable[[float], None] = time.sleep
) -> Event:
    """The trainer's acknowledgement.

    Raises:
        NotPossible: none came in time, the trainer refused, or it ended first; the message says which.
    """
    tail, fold = JournalTail(run.journal), TrainerFold()
    deadline = time.monotonic() + seconds
    while True:
        for event in tail.poll()[0]:
            fold.apply(event)
        answer = fold.acknowledged.get(request.id)
        if answer is not None:
            if not answer.get("ok"):
                raise NotPossible(f"The trainer refused: {safe(answer.get('detail'))}", "It was not done")
            return answer
        state = RunReader(run).poll()
        if not state.state.active:
            raise NotPossible(f"The run ended first: {state.state}, {state.evidence}", "It was not done")
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
    bytes_, seconds = integer(answer.get("bytes")), answer.get("seconds")
    told = [safe(path), size(bytes_)] if bytes_ is not None else [safe(path)]
    if isinstance(seconds, float):
        told.append(f"{seconds:.1f} s")
    return ", ".join([*told, *(["verified"] if answer.get("verified") else []), detail])


def _active(run: RunPaths) -> RunState:
    state = RunReader(run).poll()
    if not state.state.active:
        raise NotPossible(f"{state.id} is {state.state}: {state.evidence}", "It is not running")
    return state
