"""The truthful state machine: facts about a run in, a state and a line of evidence out.

No state is guessed from silence alone: a process that is gone without a recorded exit is *unknown*, and a
run is called *stalled* only against its own pace.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import StrEnum

from cockpit.domain.state import State
from cockpit.domain.text import age, duration

STALL_FACTOR = 10.0
STALL_FLOOR = 30.0  # seconds: no pace is so quick that a shorter pause means anything
LAUNCH_GRACE = 60.0  # seconds a launch may take before the silence is worth a word
ANSWER_PATIENCE = 20.0  # seconds a request may go without an acknowledgement


RECORDED = ("Lightning", "transformers")  # frameworks into which the recorder gets by itself


class Life(StrEnum):
    """What the operating system says of a process that was recorded by pid, start time and boot."""

    ALIVE = "alive"
    SUSPENDED = "suspended"  # SIGSTOP
    GONE = "gone"  # exited, zombie, or its pid now belongs to another process
    OTHER_BOOT = "other boot"
    OTHER_HOST = "other host"
    UNSEEN = "unseen"  # never recorded


@dataclass(frozen=True, slots=True)
class Signs:
    """Everything the state is decided from, of the latest attempt. Times in seconds since the epoch."""

    now: float
    created: float
    trainer: Life = Life.UNSEEN
    runner: Life = Life.UNSEEN
    host: str = ""
    launched: float | None = None
    attached: bool = False  # a recorder spoke
    framework: str | None = None  # that somebody's own script imports; None: a config is trained
    tailed: str = ""  # formats of the files that it writes by itself and that are followed instead
    fitting: bool = False  # fit_start was seen
    phase: State | None = None  # VALIDATING, SAVING or PAUSED while inside one
    phase_since: float | None = None
    last_sign: float | None = None  # newest scalar or journal entry
    pace: float | None = None  # median seconds per step
    stop_requested: bool = False
    asked: tuple[str, float] | None = None  # the oldest request without an acknowledgement: verb, time
    end_reason: str | None = None  # of the journal's `end`
    end_detail: str = ""
    exception: str = ""  # "ValueError: ..." of the journal
    held: str = ""  # what its runner has suspended it for
    exit_code: int | None = None
    exit_signal: int | None = None
    exit_note: str = ""  # what the runner found out about a kill
    exited: bool = False  # the runner recorded an exit
    remaining: tuple[int, ...] = ()  # pids of its other processes that still live after the exit


def judge(signs: Signs) -> tuple[State, str]:
    """The state and its evidence."""
    if signs.exited:
        state, evidence = _after_exit(signs)
        return state, evidence + _remaining(signs)
    if signs.trainer is Life.UNSEEN:
        return _before_launch(signs)
    if signs.trainer is Life.OTHER_HOST:
        return State.UNKNOWN, f"runs on {signs.host}; processes there cannot be seen from here"
    if signs.trainer is Life.OTHER_BOOT:
        return _told_by_journal(signs) or (State.INTERRUPTED, "the machine was restarted while it ran")
    if signs.trainer is Life.GONE:
        if signs.runner is Life.ALIVE:
            return State.STOPPING, "the process has ended; its exit is being recorded"
        if signs.runner is Life.SUSPENDED:
            return State.STOPPING, "the process has ended; its runner is suspended (SIGSTOP) and cannot record the exit"
        return _told_by_journal(signs) or (
            State.UNKNOWN,
            "the process is gone and its exit was not recorded (the runner is gone too)",
        )
    return _alive(signs)


def _before_launch(signs: Signs) -> tuple[State, str]:
    waited = signs.now - signs.created
    if waited <= LAUNCH_GRACE:
        return State.LAUNCHING, f"created {age(waited)}, no process yet"
    return State.FAILED, "created but never launched; runner.log may say why"


def _told_by_journal(signs: Signs) -> tuple[State, str] | None:
    """What the trainer itself wrote about its end."""
    if signs.end_reason == "finished":
        return State.FINISHED, signs.end_detail or "the journal says training finished"
    if signs.end_reason in ("stopped", "signal"):
        return State.STOPPED, signs.end_detail or "stopped at a step boundary, checkpoint saved"
    if signs.exception:
        return State.FAILED, signs.exception
    return None


def _after_exit(signs: Signs) -> tuple[State, str]:
    told = _told_by_journal(signs)
    if signs.exit_signal is not None:
        if told and told[0] in (State.STOPPED, State.FINISHED):
            return told
        name = _signal_name(signs.exit_signal)
        return State.KILLED, f"{name}; {signs.exit_note}" if signs.exit_note else name
    code = signs.exit_code
    if told and (code == 0 or told[0] is not State.FINISHED):
        return told
    if code == 0:
        if signs.attached:
            return State.STOPPED, "exit code 0, but the journal never said that training finished"
        return State.FINISHED, "exit code 0"
    return State.FAILED, f"exit code {code}" + (" after training had finished" if told else "")


def _alive(signs: Signs) -> tuple[State, str]:
    if signs.trainer is Life.SUSPENDED and signs.held:
        return State.PAUSED, signs.held
    if signs.trainer is Life.SUSPENDED:
        return State.PAUSED, "the process is suspended (SIGSTOP); `kill -CONT` lets it go on"
    quiet = signs.now - max(signs.last_sign or 0.0, signs.launched or signs.created)
    if signs.end_reason is not None:
        return State.STOPPING, f"training has ended ({signs.end_reason}); the process is closing"
    if signs.phase is State.PAUSED:
        return State.PAUSED, f"paused at a step boundary {_since(signs)}; memory stays held"
    state, evidence = _training(signs, quiet)
    overdue = _overdue(signs, state)
    if signs.stop_requested:
        return State.STOPPING, overdue or "stop requested; it acts at the next step"
    return state, f"{evidence}; {overdue}" if overdue else evidence


def _training(signs: Signs, quiet: float) -> tuple[State, str]:
    if signs.tailed and not signs.attached:
        return _tailed(signs)
    if not signs.attached and signs.framework is not None and signs.framework not in RECORDED:
        return State.RUNNING, "the process is alive; nothing in it tells how far it is"
    if not signs.fitting:
        return State.LAUNCHING, f"process started, last sign {age(quiet)}"
    if signs.phase is not None:
        return signs.phase, f"{signs.phase} {_since(signs)}"
    limit = max(STALL_FLOOR, STALL_FACTOR * (signs.pace or 0.0))
    if quiet > limit:
        pace = f", usual pace {signs.pace:.2g} s" if signs.pace else ""
        return State.STALLED, f"no step for {duration(quiet)}{pace}"
    return State.RUNNING, f"last step {age(quiet)}" if quiet >= 2 else "stepping"


def _tailed(signs: Signs) -> tuple[State, str]:
    """Of a script whose own files are followed: a file without records yet says nothing of a stall."""
    if signs.last_sign is None:
        return State.RUNNING, f"the process is alive; {signs.tailed} holds no record yet"
    quiet = max(0.0, signs.now - signs.last_sign)
    if signs.pace is not None and quiet > max(STALL_FLOOR, STALL_FACTOR * signs.pace):
        return State.STALLED, f"no record for {duration(quiet)} in {signs.tailed}, usual pace {signs.pace:.2g} s"
    return State.RUNNING, f"last record {age(quiet)}, {signs.tailed}"


def silence(state: State) -> str:
    """Why a trainer in this state does not answer a request."""
    match state:
        case State.VALIDATING:
            return "the trainer is inside a validation"
        case State.SAVING:
            return "the trainer is saving a checkpoint"
        case State.LAUNCHING:
            return "training has not begun"
        case State.STALLED:
            return "the trainer may hang"
        case _:
            return "the trainer may be inside a long step, or not listen"


def _overdue(signs: Signs, state: State) -> str:
    if signs.asked is None or signs.now - signs.asked[1] < ANSWER_PATIENCE:
        return ""
    verb, since = signs.asked
    return f"{verb} not acknowledged for {duration(signs.now - since)}: {silence(state)}"


def _remaining(signs: Signs) -> str:
    if not signs.remaining:
        return ""
    return f"; of its processes pid {', '.join(map(str, signs.remaining))} still lives"


def _since(signs: Signs) -> str:
    took = 0.0 if signs.phase_since is None else signs.now - signs.phase_since
    return f"for {duration(took)}" if took >= 1 else "now"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
