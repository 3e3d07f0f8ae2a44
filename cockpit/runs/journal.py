"""The two journals of a run: JSON lines ``{"schema": 1, "t": <epoch s>, "event": <name>, ...}``.

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
                   sample_unit, resumed_from | null, guarantee ("exact" | "state only"), guarantee_reason
epoch              epoch, step (an epoch began)
validation_start   step, epoch, batches | null, sanity (bool)
progress           phase ("validation"), done, total: at most once a second
validation_end     step, epoch, seconds, metrics {name: value}, sanity (bool)
saving             path (relative to the run), step, epoch: a save began
checkpoint         path, step, epoch, bytes, seconds, metric | null, value | null, kind ("saved" | "requested" |
                   "stopped" | "interrupted"), finite (bool | null: whether its weights are), guarantee ("exact" |
                   "state only" | "unsafe") and guarantee_reason: what a resume from it can promise
checkpoint_gone    path: Lightning removed it (save_top_k)
checkpoint_failed  path, message
nonfinite          step, what (tag name), value: the first of each tag and the first 20; the others stand in scalars
recorder_failed    hook, message: a part of the recorder broke, and the training goes on without it
ack                request (id), verb, ok (bool), detail, by; and where a checkpoint was saved for it: path, bytes,
                   seconds, verified (bool: read back whole)
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
leave              signal (name): the runner was told to go; the trainer goes on without it
exit               code | null, signal | null (number), core (bool), oom (why it was killed, text | ""), seconds,
                   left (pids of its processes that remained), left_start_times (clock ticks since boot)
handoff            path | null, error (only where it could not be written)
=================  ============================================================================================

Floats that JSON lacks are written as the strings "nan", "inf" and "-inf"; ``read_number`` takes them back.
"""

from __future__ import annotations

import io
import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
        line = json.dumps(_plain(record), separators=(",", ":"), allow_nan=False)
        self._file.append(line.encode() + b"\n")
        if durable:
            self._file.sync()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _plain(value: Any) -> Any:
    """``value`` with non-finite floats spelt out and foreign objects as text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
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
        """As ``poll``, but parsed as they are taken: a long journal never lies in memory as a whole."""
        lines, restarted = self._new_lines()
        return self._parsed(lines), restarted

    def _new_lines(self) -> tuple[bytes, bool]:
        try:
            with open(self.path, "rb") as file:
                status = os.fstat(file.fileno())
                restarted = self._inode >= 0 and (status.st_ino != self._inode or status.st_size < self._offset)
                if restarted:
                    self._offset = self.bad = 0
                self._inode = status.st_ino
                if status.st_size == self._offset:
                    return b"", restarted
                file.seek(self._offset)
                data = file.read(status.st_size - self._offset)
        except FileNotFoundError:
            return b"", False
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return whole, restarted

    def _parsed(self, lines: bytes) -> Iterator[Event]:
        for line in io.BytesIO(lines):
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                self.bad += 1
                continue
            if isinstance(event, dict) and isinstance(event.get("event"), str):
                yield event
            else:
                self.bad += 1
