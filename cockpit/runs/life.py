"""The signs of life of a run: its processes, seen from their own machine alone, and what it last wrote."""

from __future__ import annotations

import os

from cockpit.domain import lifecycle
from cockpit.runs import process
from cockpit.runs.files import RunFiles
from cockpit.runs.fold import integer, text
from cockpit.runs.journal import Event, read_number

_ELSEWHERE = (lifecycle.Life.OTHER_HOST, lifecycle.Life.OTHER_BOOT)


def signs(files: RunFiles, now: float, pace: float | None) -> lifecycle.Signs:
    """What the state of a run is decided from.

    Args:
        files: what was read of it.
        now: seconds since the epoch.
        pace: seconds between its last records, if they can be told.
    """
    trainer, runner, launch = files.trainer, files.runner, files.launch
    launched, ended = runner.launched, runner.exit
    attempt = integer(launched.get("attempt")) if launched else None
    mine = attempt is None or trainer.attempt >= attempt  # the journal already speaks of this attempt
    loss = files.figures.last_loss
    newest = files.figures.last_time if files.tailing else 0.0
    latest = max(trainer.last_sign or 0.0, loss.time if loss else 0.0, newest)
    end = trainer.end if mine and trainer.end else {}
    pending, failure = files.pending(), files.failure if mine else None
    if failure is not None:  # what the first process says of its end is what came of it
        end = {}
    return lifecycle.Signs(
        now=now,
        created=launch.created if launch else 0.0,
        trainer=life(launched, "pid", "start_time"),
        runner=life(launched, "runner_pid", "runner_start_time"),
        host=text(launched.get("host")) if launched else "",
        launched=read_number(launched.get("t")) if launched else None,
        attached=trainer.attached is not None and mine,
        framework=launch.framework if launch else None,
        tailed=files.tailed.source if files.tailing else "",
        fitting=bool(trainer.fit) and mine and (trainer.fit_time or 0) >= (trainer.attached or 0),
        phase=trainer.phase if mine else None,
        phase_since=trainer.phase_since,
        last_sign=latest or None,
        pace=pace,
        stop_requested=any(request.verb == "stop" for request in pending),
        asked=(pending[0].verb, pending[0].time) if pending else None,
        end_reason=text(end.get("reason")) or None,
        end_detail=text(end.get("detail")),
        exception=failure.told if failure is not None else trainer.exception if mine else "",
        held=runner.growth.told if runner.growth else "",
        exit_code=integer((ended or {}).get("code")),
        exit_signal=integer((ended or {}).get("signal")),
        exit_note=text((ended or {}).get("oom")),
        exited=ended is not None,
        remaining=remaining(launched, ended),
    )


def remaining(launched: Event | None, ended: Event | None) -> tuple[int, ...]:
    """Pids of processes that outlived the trainer and still live; empty on other machines, which cannot see them."""
    if launched is None or ended is None or life(launched, "pid", "start_time") in _ELSEWHERE:
        return ()
    left, started = ended.get("left"), ended.get("left_start_times")
    if not isinstance(left, list) or not isinstance(started, list):
        return ()
    alive = ("running", "stopped")
    known = zip(map(integer, left), map(integer, started), strict=False)
    return tuple(pid for pid, began in known if pid and began and process.status(pid, began) in alive)


def life(launched: Event | None, pid_key: str, start_key: str) -> lifecycle.Life:
    """What became of a process that a launch recorded; one whose pid belongs to another by now is gone."""
    pid, start = (integer(launched.get(k)) for k in (pid_key, start_key)) if launched else (None, None)
    if launched is None or pid is None or start is None:
        return lifecycle.Life.UNSEEN
    if launched.get("host") != os.uname().nodename:
        return lifecycle.Life.OTHER_HOST
    if launched.get("boot_id") != process.boot_id():
        return lifecycle.Life.OTHER_BOOT
    match process.status(pid, start):
        case "running":
            return lifecycle.Life.ALIVE
        case "stopped":
            return lifecycle.Life.SUSPENDED
        case _:
            return lifecycle.Life.GONE
