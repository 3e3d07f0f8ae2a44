"""``trainer_state.json`` of transformers' Trainer: the whole history, written anew into every checkpoint.

The checkpoints of an output folder are one run, of which the state with the most steps tells everything, and the
``training_args.bin`` beside it the seed: a pickle, whose objects are read as inert ones and never made.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cockpit.domain.curves import is_loss, is_validation
from cockpit.domain.run import Best
from cockpit.domain.state import State
from cockpit.domain.vitals import Origin
from cockpit.runs.checkpoint_folder import mark
from cockpit.runs.pickle_peek import peek
from cockpit.sources.rows import Rows, number, record, whole
from cockpit.sources.source import Found, News, Tail, Told

_NAME, _ARGUMENTS = "trainer_state.json", "training_args.bin"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_LARGEST = 256 << 20  # bytes
_REACHED = 64  # saves whose times tell the pace
_AT_THE_END = "train_runtime"  # of the summary that Trainer.train() logs last
_NO_METRICS = {"step", "epoch"}


class TrainerState:
    """Folders with ``trainer_state.json`` in them or in their checkpoints."""

    name = "transformers"

    def runs(self, path: Path) -> Iterable[Found]:
        """The output folder."""
        if path.name != _NAME:
            return ()
        folder = path.parent
        return (Found(folder.parent if _CHECKPOINT.fullmatch(folder.name) else folder),)

    def open(self, found: Found) -> Tail:
        """Begin to read it."""
        return TrainerStateTail(found.path)


class TrainerStateTail:
    """Follows one output folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: object = None
        self._reached: dict[int, float] = {}  # steps at which it saved, and when
        self._told = Told()
        self._arguments: tuple[list[int], Origin] = [], Origin()  # as the file was, and what it says

    def poll(self) -> News:
        """The newest state, as a whole, when there is another."""
        newest = self._newest()
        if newest is None:
            return News(told=self._told)
        path, changed, seen = newest
        if seen == self._seen:
            return News(told=self._told)
        restarted, self._seen = self._seen is not None, seen
        self._reached |= self._saves()
        state = _read(path)
        if state is None:
            self._told = Told(changed=changed, bad=1, notes=(f"{path.name} cannot be read",))
            return News(told=self._told, restarted=restarted)
        rows, bad = Rows(), 0
        history = state.get("log_history")
        entries = history if isinstance(history, list) else []
        for entry in entries:
            step = whole(entry.get("step")) if isinstance(entry, dict) else None
            if step is None:
                bad += 1
                continue
            for name, value in entry.items():
                if name not in _NO_METRICS and (figure := number(value)) is not None:
                    rows.add(name, step, math.nan, figure)
        self._told = self._tell(state, entries, changed, bad, self._origin(path.parent / _ARGUMENTS))
        return News(rows.items(), self._told, restarted)

    def _newest(self) -> tuple[Path, float, object] | None:
        """The state of the most steps, by the names of the checkpoints; one in the folder itself is the last."""
        try:
            names = [path.name for path in self._folder.iterdir()]
        except OSError:
            return None
        steps = sorted((int(found[1]) for name in names if (found := _CHECKPOINT.fullmatch(name))), reverse=True)
        own = self._stat(self._folder / _NAME) if _NAME in names else None
        for step in steps:
            of_checkpoint = self._stat(self._folder / f"checkpoint-{step}" / _NAME)
            if of_checkpoint is not None:
                return of_checkpoint if own is None or own[1] < of_checkpoint[1] else own
        return own

    def _saves(self) -> dict[int, float]:
        """When each of the checkpoints that are there was saved."""
        found = {}
        for path in self._folder.glob(f"checkpoint-*/{_NAME}"):
            name, there = _CHECKPOINT.fullmatch(path.parent.name), self._stat(path)
            if name and there is not None:
                found[int(name[1])] = there[1]
        return found

    def _stat(self, path: Path) -> tuple[Path, float, object] | None:
        try:
            status = path.stat()
        except OSError:
            return None
        return path, status.st_mtime, (path, status.st_ino, status.st_size, status.st_mtime_ns)

    def _origin(self, path: Path) -> Origin:
        """What the arguments say that lie beside the state; each file is read once."""
        seen = mark(path) if path.is_file() else []
        if seen != self._arguments[0]:
            self._arguments = seen, _origin_of(peek([path])[path].get("arguments", {})) if seen else Origin()
        return self._arguments[1]

    def _tell(self, state: Mapping[str, Any], entries: list[Any], changed: float, bad: int, origin: Origin) -> Told:
        step, total, epoch = (whole(state.get(name)) for name in ("global_step", "max_steps", "epoch"))
        ended = isinstance(entries[-1], dict) and _AT_THE_END in entries[-1] if entries else False
        value, at = number(state.get("best_metric")), whole(state.get("best_global_step"))
        return Told(
            step=step,
            steps_total=total if total and total > 0 else None,
            epoch=epoch,
            epochs_total=whole(state.get("num_train_epochs")),
            origin=origin,
            ended=(State.FINISHED, "its last record is the summary that ends a training") if ended else None,
            best=_named(value, at, entries) if value is not None else None,
            reached=tuple(_rising(sorted(self._reached.items())[-_REACHED:])),
            changed=changed,
            bad=bad,
            folders=(self._folder,),
        )


def _origin_of(arguments: Mapping[str, Any]) -> Origin:
    """What ``TrainingArguments`` say of randomness."""
    seed, of_data = whole(arguments.get("seed")), whole(arguments.get("data_seed"))
    by = _ARGUMENTS if of_data is None else f"{_ARGUMENTS}; its data are shuffled by {of_data}"
    full = arguments.get("full_determinism") is True
    return Origin(seed, by if seed is not None else "", deterministic=True if full else None)


def _named(value: float, at: int | None, entries: list[Any]) -> Best:
    """The best value with the metric that had it at that step, and which way is better by its other values."""
    told = [entry for entry in entries if isinstance(entry, dict)]
    names = [
        name
        for entry in told
        if at is not None and whole(entry.get("step")) == at
        for name, figure in entry.items()
        if is_validation(name) and number(figure) == value
    ]
    name = min(names, key=lambda name: (not is_loss(name), len(name)), default="")
    others = [figure for entry in told if (figure := number(entry.get(name))) is not None]
    return Best(name or "best_metric", value, at, mode="max" if others and min(others) < value else "min")


def _rising(saves: Iterable[tuple[int, float]]) -> Iterator[tuple[int, float]]:
    """The saves whose times rise with their steps: the time of a copied checkpoint is that of the copy."""
    latest = -math.inf
    for step, time in saves:
        if time > latest:
            latest = time
            yield step, time


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        with open(path, "rb") as file:
            return record(file.read(_LARGEST).decode(errors="replace"))
    except OSError:
        return None
