"""The journals of a run: JSON lines ``{"schema": 1, "t": <epoch s>, "event": <name>, ...}``.

``journal.jsonl``, written by the trainer (recorder):

=================  ============================================================================================
attach             attempt, pid, start_time (clock ticks since boot), python, torch, lightning
stage              pipeline ("data" | "training"), index (1-based), of, name, status ("running" | "done" |
                   "skipped" | "failed"), detail, done, total
tag                tag (u4 in scalars.bin), name ("train/loss", "val/loss", "lr", "grad_norm", ...)
fit_start          step, epoch (where this attempt begins), steps_total | null, epochs_total | null,
                   steps_per_epoch | null, validate_every | null (optimizer steps), checkpoint_every | null,
                   accumulate, world_size, device, precision, parameters, seed | null, monitor | null,
                   mode ("min" | "max"), max_seconds | null, early_stopping (bool), samples_per_step | null,
                   sample_unit, resumed_from | null, guarantee ("exact" | "state only"), guarantee_reason,
                   deterministic, seed_workers, scaler, anomaly (bools), data_fingerprint | null, workers | null
                   (of the train loader), loggers [names],
                   hyperparameters {name: value | null}: what can be changed, schedules (classes of the learning rate
                   schedulers), changes (ids of the requests whose changes are in force), steps_longest | null (where
                   its loop ends, whatever its length is set to)
tracker            kind, place, id, group, link: where it is followed besides (see ``domain/trackers.py``)
listening          a loop of one's own has begun to look for requests
epoch              epoch, step (an epoch began)
validation_start   step, epoch, batches | null, sanity (bool)
progress           phase ("validation"), done, total: at most once a second
validation_end     step, epoch, seconds, metrics {name: value}, sanity (bool)
saving             path (relative to the run), step, epoch: a save began
checkpoint         path, step, epoch, bytes, seconds, metric | null, value | null, kind ("saved" | "requested" |
                   "stopped" | "interrupted"), finite (bool | null: whether its weights are), guarantee ("exact" |
                   "state only" | "unsafe") and guarantee_reason: what a resume from it can promise; changes: as above
checkpoint_gone    path: Lightning removed it (save_top_k)
checkpoint_failed  path, message
nonfinite          step, what (tag name), value: the first of each tag and the first 20; the others stand in scalars
hyperparameters    request (id), step, by, old and hyperparameters {name: value | null}: read back before and after,
                   changes, steps_total | null, epochs_total | null, and where they may have changed validate_every,
                   checkpoint_every: a person changed them
weights            requests (ids), step, and what that step did to each layer: ratio, of all together (|update| over
                   |weights|, 1e-3 is usual), high, low, bad (counts), tensors, elements, sampled (share of the
                   elements that the ratios are told from), skipped (fp16 steps just before), seconds, bytes (that it
                   took), note; groups [{rate, tensors, ratio}]; layers [{name, elements, matrix (bool), ratio | null,
                   weight, gradient | null (norms), bad_weights, bad_gradients (counts)}]: those not finite, then the
                   matrices from the largest ratio to the smallest, then the rest; at most 80 of them
recorder_failed    hook, message: a part of the recorder broke, and the training goes on without it
line               restarts, first, sure (bool), redone, unsure (bool), offset, number: what happened to the counter
                   of a loop whose steps went back, as in domain/line.py; all other steps are those of its line
ack                request (id), verb, ok (bool), detail, by; and where a checkpoint was saved for it: path, bytes,
                   seconds, verified (bool: read back whole). Each request gets one, whatever the number of attempts
exception          type, message, traceback
end                reason ("finished" | "stopped" | "exception" | "signal"), step, epoch, detail
=================  ============================================================================================

``runner.jsonl``, written by the runner:

=================  ============================================================================================
launched           attempt, argv, cwd, pid, start_time, runner_pid, runner_start_time, host, boot_id,
                   checkpoint | null (resumed from), step | null
host_tag           tag, name ("gpu0/memory_used", "ram/trainer", "cpu/host", ...), device (a GPU's name, else null)
gpu_error          message
signal             signal (name), by ("person" | "runner"), reason: sent to the trainer
growth             bytes, limit, folders {name: bytes} (grown since the launch), wrote | null (bytes that the
                   trainer's processes have written anywhere): too much without permission, so it is suspended
growth_over        by (text | ""): somebody has let it go on
leave              signal (name): the runner was told to go; the trainer goes on without it
exit               code | null, signal | null (number), core (bool), oom (why it was killed, text | ""), seconds,
                   left (pids of its processes that remained), left_start_times (clock ticks since boot)
handoff            path | null, error (only where it could not be written)
=================  ============================================================================================

``tailed.jsonl``, written by the runner where no recorder attached and a script writes files of its own; of a loop that
tells its figures itself the checkpoints alone:

=================  ============================================================================================
source             format, path (of what is followed)
tag                tag (u4 in tailed.bin), name, path (of the file that tells of it from now on), own (its name there)
line               path, carried (bool: it tells of those before too), restarts, first, sure (bool), redone,
                   unsure (bool), offset, number: what happened to its steps, as in domain/line.py
checkpoint         path, name (below the script's folder), bytes, time (of its last change), step | null, epoch |
                   null, attempt: the script has saved it, or written it anew
origin             seed, seed_by: what the files or those beside them say of where the run comes from
told               step | null, steps_total | null, epoch | null, seconds_left |
                   null: what the files say beside their curves
=================  ============================================================================================

Floats that JSON lacks are written as the strings "nan", "inf" and "-inf"; ``read_number`` takes them back.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cockpit.domain.run import SCHEMA
from cockpit.runs.append import AppendFile

Event = dict[str, Any]


class JournalWriter:
    """The writing end of a journal, for its one writer."""

    def __init__(self, path: Path) -> None:
        self._file = AppendFile(path)

    def write(self, event: str, /, *, durable: bool = False, **fields: Any) -> None:
        """Append one event; ``durable`` waits until it is on the disk."""
        record = {"schema": SCHEMA, "t": time.time(), "event": event, **fields}
        line = json.dumps(plain(record), separators=(",", ":"), allow_nan=False)
        self._file.append(line.encode() + b"\n")
        if durable:
            self._file.sync()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def plain(value: Any) -> Any:
    """``value`` with non-finite floats spelt out and foreign objects as text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def read_number(value: Any) -> float | None:
    """A float from a journal, its non-finite spellings included; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list from a journal, else nothing."""
    return tuple(text for text in value if text and isinstance(text, str)) if isinstance(value, list) else ()


class JournalTail:
    """The reading end: yields each complete line once, survives shrinking, counts bad lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bad = 0
        self._offset = 0
        self._inode = -1

    def poll(self) -> tuple[list[Event], bool]:
        """New events since the last poll, and whether the file was replaced or shrank (start over)."""
        events, restarted = self.stream()
        return list(events), restarted

    def stream(self) -> tuple[Iterator[Event], bool]:
        """As ``poll``, but read and parsed as they are taken: a long journal never lies in memory as a whole."""
        try:
            file = open(self.path, "rb")  # noqa: SIM115 - closed when its last line was taken
        except FileNotFoundError:
            return iter(()), False
        status = os.fstat(file.fileno())
        restarted = self._inode >= 0 and (status.st_ino != self._inode or status.st_size < self._offset)
        if restarted:
            self._offset = self.bad = 0
        self._inode = status.st_ino
        return self._parsed(file, status.st_size), restarted

    def _parsed(self, file: BinaryIO, size: int) -> Iterator[Event]:
        with file:
            file.seek(self._offset)
            while self._offset < size and (line := file.readline()).endswith(b"\n"):
                self._offset += len(line)
                try:
                    event = json.loads(line)
                except (ValueError, RecursionError):
                    self.bad += 1
                    continue
                if isinstance(event, dict) and isinstance(event.get("event"), str):
                    yield event
                else:
                    self.bad += 1
