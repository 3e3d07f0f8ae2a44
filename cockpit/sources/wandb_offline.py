"""``run-*.wandb`` of Weights & Biases, which an offline run keeps and an online one sends; read without wandb.

A header of seven bytes, then blocks of 32 KiB with records in LevelDB's log form (checksum u32, length u16, kind u8),
each one a ``Record`` of wandb/proto/wandb_internal.proto. The checksum is CRC-32 of kind and data.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from cockpit.domain.state import State
from cockpit.domain.vitals import Origin
from cockpit.sources import wire
from cockpit.sources.growing import GrowingFile, Piece
from cockpit.sources.machine import MachineLog
from cockpit.sources.origin import lines
from cockpit.sources.rows import Rows, number, whole
from cockpit.sources.source import Found, News, Tail, Told

_MAGIC = b":W&B"
_FILE_HEADER = 7
_BLOCK = 32 * 1024
_HEADER = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_HISTORY, _STATS, _RUN, _EXIT = 2, 7, 17, 18  # fields of Record
_PACKAGES, _DIFF = "requirements.txt", "diff.patch"  # in files/ beside it
_LARGEST = 64 << 20  # bytes of one record


class WandbOffline:
    """Files that end in ``.wandb``."""

    name = "W&B"

    def runs(self, path: Path) -> Iterable[Found]:
        """The file itself."""
        return (Found(path),) if path.suffix == ".wandb" else ()

    def open(self, found: Found) -> Tail:
        """Begin to read it."""
        return WandbTail(found.path)


class WandbTail:
    """Follows one file."""

    def __init__(self, path: Path) -> None:
        self._file, self._folder = GrowingFile(path), path.parent
        self._packages, self._diff = 0, ""
        self._begin()

    def _begin(self) -> None:
        self._parts = b""
        self._bad = 0
        self._foreign = False
        self._trusted = 0  # byte of the file from which on headers can be found again
        self._step: int | None = None
        self._begun: float | None = None
        self._seed: int | None = None
        self._name = self._project = self._id = self._commit = ""
        self._machine = MachineLog()
        self._ended: tuple[State, str] | None = None

    def poll(self) -> News:
        """The records that were added."""
        piece = self._file.read()
        if piece.restarted:
            self._begin()
        rows = Rows()
        end = self._read(piece, rows) if piece.data and not self._foreign else len(piece.data)
        self._file.use(piece, end)
        if piece.data:
            self._look_beside()
        told = Told(
            name=self._name, step=self._step, begun=self._begun, origin=self._origin(), ended=self._ended,
            changed=self._file.changed, bad=self._bad, notes=("not a W&B file",) if self._foreign else (),
            folders=self._folders(), memory=self._machine.told(),
        )  # fmt: skip
        return News(rows.items(), told, piece.restarted, piece.more and end > 0)

    def _look_beside(self) -> None:
        """What it keeps of packages and of changes beyond the commit."""
        files = self._folder / "files"
        self._packages = self._packages or lines(files / _PACKAGES)
        self._diff = self._diff or (_DIFF if (files / _DIFF).is_file() else "")

    def _origin(self) -> Origin:
        by = "its W&B config" if self._seed is not None else ""
        return Origin(self._seed, by, None, self._commit, self._diff, self._packages)

    def _folders(self) -> tuple[Path, ...]:
        """Where Lightning's WandbLogger saves: by project and id, in the folder that has ``wandb/``."""
        named = all(name not in ("", ".", "..") and not {"/", "\0"} & set(name) for name in (self._project, self._id))
        above = self._folder.parent.parent
        return (self._folder, *([above / self._project / self._id] if named else []))

    def _read(self, piece: Piece, rows: Rows) -> int:
        """Take in whole records; how many bytes of the piece they are."""
        data, at, base = piece.data, 0, self._file.offset
        if base == 0:
            if len(data) < _FILE_HEADER:
                return 0
            self._foreign = not data.startswith(_MAGIC)
            at = len(data) if self._foreign else _FILE_HEADER
        at = max(at, self._trusted - base)
        while True:
            left = _BLOCK - (base + at) % _BLOCK
            if left < _HEADER.size:  # the end of a block, too short for a header, is empty
                at += left
                continue
            if at + _HEADER.size > len(data):
                return min(at, len(data))
            checksum, length, kind = _HEADER.unpack_from(data, at)
            end = at + _HEADER.size + length
            if end - at > left or not _FULL <= kind <= _LAST:  # a damaged header: go on at the next block
                self._bad += 1
                self._parts = b""
                at += left
                self._trusted = base + at
                continue
            if end > len(data):
                return at
            if zlib.crc32(data[at + 6 : end]) != checksum:
                self._bad += 1
                self._parts = b""
            else:
                self._join(kind, data[at + _HEADER.size : end], rows)
            at = end

    def _join(self, kind: int, data: bytes, rows: Rows) -> None:
        """A record, or a part of one."""
        if kind in (_FULL, _FIRST):
            self._parts = b""
        if len(self._parts) + len(data) > _LARGEST:
            self._parts, self._bad = b"", self._bad + 1
            return
        self._parts += data
        if kind in (_FULL, _LAST):
            whole_record, self._parts = self._parts, b""
            try:
                self._take(whole_record, rows)
            except ValueError:
                self._bad += 1

    def _take(self, data: bytes, rows: Rows) -> None:
        for one in wire.fields(data, 0, len(data)):
            if one.kind != wire.BYTES:
                continue
            if one.number == _HISTORY:
                self._take_history(data, one, rows)
            elif one.number == _STATS:
                self._take_stats(data, one)
            elif one.number == _RUN:
                self._take_run(data, one)
            elif one.number == _EXIT:
                code = next((wire.signed(f.value) for f in wire.fields(data, one.start, one.end) if f.number == 1), 0)
                self._ended = (State.FAILED if code else State.FINISHED), f"W&B recorded its exit: code {code}"

    def _take_history(self, data: bytes, history: wire.Field, rows: Rows) -> None:
        """HistoryRecord: items 1 (key 1, nested_key 2, value_json 16), step 2 (num 1)."""
        values: dict[str, float] = {}
        for one in wire.fields(data, history.start, history.end):
            if one.number == 1 and one.kind == wire.BYTES:
                name, value = _item(data, one)
                if value is not None:
                    values[name] = value
            elif one.number == 2 and one.kind == wire.BYTES:
                for inner in wire.fields(data, one.start, one.end):
                    if inner.number == 1 and inner.kind == wire.VARINT:
                        values.setdefault("_step", wire.signed(inner.value))
        step = whole(values.pop("_step", 0)) or 0
        time = values.pop("_timestamp", float("nan"))
        self._step = step
        for name, value in values.items():
            if not name.startswith("_"):
                rows.add(name, step, time, value)

    def _take_stats(self, data: bytes, stats: wire.Field) -> None:
        """StatsRecord: timestamp 2, items 3 (key 1, value_json 16), in any order."""
        parts = list(wire.fields(data, stats.start, stats.end))
        time = next((_seconds(data, one) for one in parts if one.number == 2 and one.kind == wire.BYTES), None)
        for one in parts if time is not None else ():
            if one.number == 3 and one.kind == wire.BYTES:
                name, value = _item(data, one)
                if value is not None:
                    self._machine.take(name, time or 0.0, value)

    def _take_run(self, data: bytes, run: wire.Field) -> None:
        """RunRecord: run_id 1, project 3, config 4 (update 1), display_name 8, start_time 17, git 21 (commit 2)."""
        for one in wire.fields(data, run.start, run.end):
            if one.kind != wire.BYTES:
                continue
            if one.number == 8:
                self._name = wire.text(data, one)
            elif one.number == 1:
                self._id = wire.text(data, one)
            elif one.number == 3:
                self._project = wire.text(data, one)
            elif one.number == 17:
                self._begun = _seconds(data, one)
            elif one.number == 21:
                commits = [wire.text(data, f) for f in wire.fields(data, one.start, one.end) if f.number == 2]
                self._commit = commits[0] if commits else ""
            elif one.number == 4:
                config = dict(_updates(data, one))
                self._seed = whole(config.get("seed"))


def _seconds(data: bytes, timestamp: wire.Field) -> float | None:
    """A Timestamp: seconds 1, nanos 2."""
    found = {f.number: f.value for f in wire.fields(data, timestamp.start, timestamp.end) if f.kind == wire.VARINT}
    return found[1] + found.get(2, 0) / 1e9 if 1 in found else None


def _updates(data: bytes, config: wire.Field) -> Iterator[tuple[str, float | None]]:
    for one in wire.fields(data, config.start, config.end):
        if one.number == 1 and one.kind == wire.BYTES:
            yield _item(data, one)


def _item(data: bytes, item: wire.Field) -> tuple[str, float | None]:
    """Name and number of a HistoryItem or ConfigItem; nested names joined as W&B shows them."""
    names, value = [], None
    for one in wire.fields(data, item.start, item.end):
        if one.number in (1, 2):
            names.append(wire.text(data, one))
        elif one.number == 16:
            told = wire.text(data, one)
            value = number(told.strip('"')) if len(told) < 40 else None
    return ".".join(name for name in names if name), value
