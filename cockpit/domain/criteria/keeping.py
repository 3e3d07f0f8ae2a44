"""2 and 3: is it written down, and could it go on after a crash?"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from cockpit.domain.criteria.criterion import BAD, EARLY, OK, UNTOLD, WARN, Criterion
from cockpit.domain.state import State
from cockpit.domain.text import age, count, counted, duration, safe, size
from cockpit.domain.trouble.storage import overdue_checkpoint

if TYPE_CHECKING:
    from cockpit.domain.run import Checkpoint, RunState
    from cockpit.domain.vitals import Curve

_SILENT = 60.0  # seconds without a point, at the least, that are worth a word
_PACES = 20  # steps likewise
_TRACKER_LATE = 600.0  # seconds; TensorBoard writes every 120
_COSTLY = 1800.0  # seconds of work that a crash would cost
_OWN = ("amp/", "grad_norm", "update_ratio", "data_wait")  # metrics that the recorder adds


def metrics(state: RunState) -> Criterion:
    """Which metrics are logged, how often, and whether a tracker has them too."""
    vitals = state.vitals
    title = "Metrics logged and tracked"
    if not state.metrics or vitals.last_point is None:
        return _no_metrics(state, title)
    own = sorted(name for name in state.metrics if not name.startswith(_OWN))
    evidence = [
        f"{', '.join(safe(name, 30) for name in own[:8])}{' …' if len(own) > 8 else ''}; {len(state.metrics)} in all"
    ]
    evidence.append(f"the loss {_cadence(vitals.losses)}; validation {_validated(state)}")
    ago = max(0.0, _until(state) - vitals.last_point)
    ended = state.ended is not None and not vitals.recorder
    to_the_end = f"{duration(ago)} before the end" if ago >= 1 else "at the end"
    evidence.append(f"last point {to_the_end if ended else age(ago)}")
    status, todo = OK, ""
    stepping = state.state in (State.RUNNING, State.STALLED)
    pace = vitals.pace or (state.step_seconds[1] if state.step_seconds else 0.0)
    if stepping and ago > max(_SILENT, _PACES * pace):
        status, todo = WARN, "See whether it still steps"
    elif not vitals.recorder and _never_validates(state):
        status, todo = WARN, "Validate: without it nobody sees overfitting"
    tracker, alive = _tracker(state)
    evidence.append(tracker)
    if not alive and status == OK:
        status, todo = WARN, "Set a logger: trainer.logger, or the project's trackers in cockpit.toml"
    short = f"{len(state.metrics)}" if ended else f"{len(state.metrics)}, {age(ago)}"
    since = vitals.conditions.begun if status == OK else vitals.last_point
    return Criterion("metrics", "metrics", title, status, short, tuple(evidence), todo, since)


def _no_metrics(state: RunState, title: str) -> Criterion:
    """Of another tool's records nobody knows whether there will ever be one."""
    late = _until(state) - (state.vitals.conditions.begun or _until(state)) > _SILENT
    status = UNTOLD if state.vitals.recorder else BAD if late else EARLY
    todo = "Log the loss: self.log('train/loss', loss)" if status == BAD else ""
    return Criterion("metrics", "metrics", title, status, "none yet", ("no metric has been recorded",), todo)


def _until(state: RunState) -> float:
    """Up to when something could have been recorded; of another tool's records that is now."""
    if state.state.active or state.vitals.recorder:
        return state.updated
    return state.ended or state.updated


def _never_validates(state: RunState) -> bool:
    vitals = state.vitals
    return "val/loss" not in state.metrics and not vitals.validations and vitals.conditions.validate_every is None


def _validated(state: RunState) -> str:
    every, points = state.vitals.conditions.validate_every, state.vitals.validations
    if not state.vitals.recorder:
        return _every(every)
    return f"{_cadence(points)} ({safe(state.vitals.metric, 40)})" if points else "not among them"


def _cadence(points: Curve) -> str:
    if len(points) < 2:
        return "once so far" if points else "not among them"
    every = (points[-1][0] - points[0][0]) / (len(points) - 1)
    return _every(round(every)) if every >= 1 else "every step"


def _every(steps: int | None) -> str:
    return "never" if not steps else "every step" if steps == 1 else f"every {count(steps)} steps"


def _tracker(state: RunState) -> tuple[str, bool]:
    """What is known of the tracker, and whether it lives."""
    if state.vitals.recorder:
        return f"recorded by {safe(state.vitals.recorder, 60)}", True
    loggers, written, last = state.vitals.conditions.loggers, state.vitals.tracker_written, state.vitals.last_point
    names = ", ".join(safe(name.removesuffix("Logger"), 20) for name in loggers)
    if not loggers:
        return "no tracker: the run directory alone has them", False
    if written is None or last is None:
        return f"tracker {names}", True
    behind = last - written
    if behind > _TRACKER_LATE:
        return f"tracker {names}: silent, {duration(behind)} behind", False
    return f"tracker {names}: alive, last written {age(max(0.0, state.updated - written))}", True


def checkpoints(state: RunState) -> Criterion:
    """How often they are saved, how old the newest is, whether it is whole, what a crash would cost."""
    every = state.vitals.conditions.checkpoint_every
    set_to = f"one {_every(every)} is set" if every else "no interval in steps is set"
    title, label = "Checkpoints saved regularly", "checkpoints"
    found = state.checkpoints
    lost = crash_cost(state)
    if state.save_error:
        return Criterion(
            "checkpoints",
            label,
            title,
            BAD,
            "save failed",
            (f"the last save failed: {safe(state.save_error)}", set_to, _cost(lost)),
            "Make room on the disk; the next save tries again",
            found[0].time if found else None,
        )
    if not found and state.vitals.recorder:
        return _no_checkpoint_of_others(state, title)
    if not found:
        late = not state.state.active or (lost is not None and lost > _COSTLY)
        todo = "Add a ModelCheckpoint with every_n_train_steps, or save now: c" if late else ""
        return Criterion(
            "checkpoints",
            label,
            title,
            BAD if late else EARLY,
            "none yet",
            (f"none saved; {set_to}", _cost(lost)),
            todo,
            state.vitals.conditions.begun,
        )
    newest = found[0]
    where = "kept" if state.launch else f"{'lies' if len(found) == 1 else 'lie'} beside its records"
    others = f"{len(found)} {where}"
    kept = others if state.vitals.recorder else f"{len(found)} kept; {set_to}"
    evidence = [f"{kept}; {_observed(found)}", _newest(state, newest)]
    status, todo = OK, ""
    overdue = overdue_checkpoint(state) if state.state.active else None
    if newest.name in state.vitals.damaged:
        status, todo = BAD, "Save another" if state.vitals.recorder else "Save another now: c"
    elif newest.finite is False:
        status, todo = BAD, "Go back to a checkpoint from before the first NaN"
    elif overdue is not None:
        status, todo = WARN, overdue.todo
    elif state.goes_on and lost is not None and lost > _COSTLY:
        status, todo = WARN, "Save more often: every_n_train_steps of ModelCheckpoint"
    if state.goes_on:
        evidence.append(_cost(lost))
    short = age(max(0.0, state.updated - newest.time)) if newest.time and state.goes_on else f"{len(found)} kept"
    return Criterion("checkpoints", label, title, status, short, tuple(evidence), todo, newest.time)


def _no_checkpoint_of_others(state: RunState, title: str) -> Criterion:
    """Whether there are any elsewhere, nobody knows."""
    other = safe(state.vitals.recorder, 60)
    if state.launch is None:
        said = f"none lie beside the records of {other}, nor do they tell of any elsewhere"
        todo = "Save them into checkpoints/ beside its records, where they are seen"
    else:
        said = f"{other} tells of none, and none of a known kind has been saved below its folder"
        todo = "Save them there, as .pt, .ckpt or .safetensors, or tell them by emit.checkpoint"
    return Criterion("checkpoints", "checkpoints", title, UNTOLD, "not told", (said,), todo)


def crash_cost(state: RunState) -> float | None:
    """Seconds of training that are lost if the trainer dies now."""
    newest = max((c.time for c in state.checkpoints if c.time is not None), default=None)
    begun = state.vitals.conditions.begun
    since = max((t for t in (newest, begun) if t is not None), default=None)
    until = state.updated if state.goes_on else state.ended or state.updated
    return None if since is None else max(0.0, until - since)


def _cost(lost: float | None) -> str:
    return (
        f"a crash now costs {lost / 60:.1f} min of training" if lost is not None else "what a crash costs is not known"
    )


def _newest(state: RunState, newest: Checkpoint) -> str:
    known = state.step is not None and newest.step is not None
    steps = f", {counted((state.step or 0) - (newest.step or 0), 'step')} ago" if known else ""
    if (state.vitals.recorder or newest.followed) and newest.name not in state.vitals.damaged:
        saved = f", saved {age(max(0.0, state.updated - newest.time))}" if newest.time is not None else ""
        return f"newest: {safe(newest.name, 60)}, {size(newest.bytes)}{steps}{saved}; not read through"
    whole = "its checksums are wrong" if newest.name in state.vitals.damaged else "read back whole when it was saved"
    weights = "; its weights are not finite" if newest.finite is False else ""
    return f"newest: {safe(newest.name, 60)}, {size(newest.bytes)}{steps}; {whole}{weights}"


def _observed(found: tuple[Checkpoint, ...]) -> str:
    steps = sorted({c.step for c in found if c.step is not None})
    if len(steps) < 2:
        return "at which steps is not told" if any(c.step is None for c in found) else "one step so far"
    gaps = sorted(b - a for a, b in itertools.pairwise(steps))
    least = f"{count(gaps[0])} to " if gaps[0] != gaps[-1] else ""
    return f"those kept are {least}{counted(gaps[-1], 'step')} apart"
