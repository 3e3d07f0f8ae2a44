"""TensorBoard's event files, read without TensorBoard: scalars in both of their forms, everything else passed over.

A file is a sequence of TFRecords (length u64, its masked CRC-32C, payload, its masked CRC-32C), each one event. The
files of a folder are one run and are read in the order of their names, which begin with the time.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cockpit.domain.series import distinct
from cockpit.domain.timeline import Points, Rewind
from cockpit.sources.crc32c import crc32c, masked, masked_of_rows
from cockpit.sources.growing import GrowingFile, Piece
from cockpit.sources.source import Found, News, Tail, Told
from cockpit.sources.tfevent import Shape, alike, columns, groups, shape_of

_HEADER = struct.Struct("<QI")
_AROUND = 16  # bytes of a record beside its payload
_LARGEST = 1 << 16  # bytes of an event that may hold scalars; images and graphs are larger
_TURNS = 4  # in which shapes are looked for; what is left then is parsed event by event
_FEW = 4  # events that are parsed one by one at once
_LENGTHS = 1 << 16

# record of the piece, step, time, value
Part = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


class TfEvents:
    """Folders with event files."""

    name = "TensorBoard"

    def runs(self, path: Path) -> Iterable[Found]:
        """The folder of a file that is named like one."""
        return (Found(path.parent),) if "tfevents" in path.name else ()

    def open(self, found: Found) -> Tail:
        """Begin to read the folder."""
        return TfEventsTail(found.path)


class TfEventsTail:
    """Follows the event files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, EventFile] = {}
        self._listed = -1
        self._saves: tuple[Path, ...] = (folder,)  # where the run has its checkpoints

    def poll(self) -> News:
        """One piece of the first file that has something new."""
        restarted = self._list()
        news = News(restarted=restarted)
        for session, file in enumerate(self._files.values()):  # each process writes a file of its own
            items, again, more = file.poll()
            if again and not restarted:  # one of several began anew: so does the order they are read in
                self._files = {name: EventFile(old.path) for name, old in self._files.items()}
                return News(restarted=True, more=True)
            news.items += [i._replace(session=session) if isinstance(i, Points) else i for i in items]
            if more:
                news.more = True
                break
        damaged = [file for file in self._files.values() if file.damaged_at is not None]
        notes = tuple(f"{f.path.name} is damaged at byte {f.damaged_at:,}; not read beyond" for f in damaged)
        news.told = Told(
            bad=sum(file.bad for file in self._files.values()) + len(damaged),
            changed=max((f.file.changed for f in self._files.values() if f.file.changed), default=None),
            notes=notes,
            folders=self._saves,
        )
        return news

    def _list(self) -> bool:
        """Look which files there are; whether one that was read has gone, or one comes before those that were."""
        try:
            changed = self._folder.stat().st_mtime_ns
            if changed == self._listed:
                return False
            names = sorted(path.name for path in self._folder.iterdir() if "tfevents" in path.name)
        except OSError:
            return False
        self._listed, self._saves = changed, _saving(self._folder)
        known = list(self._files)
        restarted = names[: len(known)] != known
        if restarted:
            self._files.clear()
        for name in names:
            self._files.setdefault(name, EventFile(self._folder / name))
        return restarted


class EventFile:
    """Follows one file."""

    def __init__(self, path: Path) -> None:
        self.path, self.file = path, GrowingFile(path)
        self.bad = 0  # records whose checksum is off, or that are no events
        self.damaged_at: int | None = None  # where a length cannot be trusted, beyond which nothing can be found
        self._lengths: dict[int, int] = {}  # length: its checksum

    def poll(self) -> tuple[list[Points | Rewind], bool, bool]:
        """What a further piece holds, whether the file began anew, and whether there is more."""
        piece = self.file.read()
        if piece.restarted:
            self.bad, self.damaged_at = 0, None
        if not piece.data:
            return [], piece.restarted, False
        starts, lengths, end = self._frames(piece.data)
        items = self._items(piece.data, np.array(starts, np.int64), np.array(lengths, np.int64)) if starts else []
        end = self._beyond(piece, end)
        self.file.use(piece, end)
        return items, piece.restarted, piece.more and self.damaged_at is None and end > 0

    def _frames(self, data: bytes) -> tuple[list[int], list[int], int]:
        """Where the payloads of whole records begin, how long they are, and where the last record ends."""
        starts, lengths, at = [], [], 0
        known, unpack, last = self._lengths, _HEADER.unpack_from, len(data)
        self.damaged_at = None
        while at + _AROUND <= last:
            length, crc = unpack(data, at)
            if known.get(length) != crc:
                if masked(crc32c(data[at : at + 8])) != crc:
                    self.damaged_at = self.file.offset + at
                    break
                if len(known) >= _LENGTHS:
                    known.clear()
                known[length] = crc
            end = at + _AROUND + length
            if end > last:
                break
            if length <= _LARGEST:
                starts.append(at + 12)
                lengths.append(length)
            at = end
        return starts, lengths, at

    def _beyond(self, piece: Piece, at: int) -> int:
        """``at``, or the end of a large record that begins there and is whole in the file."""
        if self.damaged_at is None and at + _AROUND <= len(piece.data):
            end = at + _AROUND + int(_HEADER.unpack_from(piece.data, at)[0])
            if end - at > _LARGEST and self.file.offset + end <= self.file.size:
                return end
        return at

    def _items(self, data: bytes, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> list[Points | Rewind]:
        buffer = np.frombuffer(data, np.uint8)
        parts: dict[str, list[Part]] = defaultdict(list)
        sessions: list[tuple[int, int]] = []  # record, step
        for length in distinct(lengths):
            records = np.flatnonzero(lengths == length)
            windows = np.lib.stride_tricks.sliding_window_view(buffer, length + 4)
            self._take(windows[starts[records]], records, parts, sessions)
        return _in_order(parts, sorted(sessions))

    def _take(
        self,
        rows: NDArray[np.uint8],
        records: NDArray[np.int64],
        parts: dict[str, list[Part]],
        sessions: list[tuple[int, int]],
    ) -> None:
        """Records of one length, the checksum behind each: shape by shape."""
        for _ in range(_TURNS):
            if len(rows) <= _FEW:
                break
            first = _shape(rows[0, :-4])
            same = alike(rows[:, :-4], first or Shape())
            self._read(rows[same], records[same], first, parts, sessions)
            rows, records = rows[~same], records[~same]
            left = []
            for group in groups(rows[:, :-4], first):
                shape = _shape(rows[group[0], :-4])
                mine = alike(rows[group, :-4], shape or Shape())
                self._read(rows[group[mine]], records[group[mine]], shape, parts, sessions)
                left.append(group[~mine])
            rest = np.concatenate(left) if left else np.zeros(0, np.int64)
            rows, records = rows[rest], records[rest]
        for index in range(len(rows)):
            one = slice(index, index + 1)
            self._read(rows[one], records[one], _shape(rows[index, :-4]), parts, sessions)

    def _read(
        self,
        rows: NDArray[np.uint8],
        records: NDArray[np.int64],
        shape: Shape | None,
        parts: dict[str, list[Part]],
        sessions: list[tuple[int, int]],
    ) -> None:
        """Records of one shape. What gives no number is not checked: nothing rests on it."""
        if shape is None:
            self.bad += len(rows)
            return
        if not shape.slots and not shape.restarts:
            return
        good = masked_of_rows(rows[:, :-4]) == np.ascontiguousarray(rows[:, -4:]).view("<u4")[:, 0]
        self.bad += int((~good).sum())
        found, records = columns(rows[good], shape), records[good]
        for slot, values in zip(shape.slots, found.values, strict=True):
            parts[slot.tag].append((records, found.steps, found.times, values))
        if shape.restarts:
            sessions += zip(records.tolist(), found.steps.tolist(), strict=True)


def _saving(folder: Path) -> tuple[Path, ...]:
    """Where the run saves: transformers logs into ``runs/…`` below its output folder, of which there may be several."""
    if folder.parent.name != "runs":
        return (folder,)
    try:
        alone = len(list(folder.parent.iterdir())) == 1
    except OSError:
        alone = False
    return (folder, folder.parent.parent) if alone else (folder,)


def _shape(event: NDArray[np.uint8]) -> Shape | None:
    try:
        return shape_of(event.tobytes())
    except ValueError:
        return None


def _in_order(parts: dict[str, list[Part]], sessions: Sequence[tuple[int, int]]) -> list[Points | Rewind]:
    """The parts of every tag joined as they stood in the file, cut where a session begins."""
    cuts = [record for record, _ in sessions]
    pieces: list[list[Points | Rewind]] = [[] for _ in range(len(cuts) + 1)]
    for tag, several in parts.items():
        record, steps, times, values = (np.concatenate(column) for column in zip(*several, strict=True))
        order = np.argsort(record, kind="stable")
        bounds = [0, *np.searchsorted(record[order], cuts).tolist(), len(order)]
        for piece, start, end in zip(pieces, bounds, bounds[1:], strict=False):
            if end > start:
                mine = order[start:end]
                piece.append(Points(tag, steps[mine], times[mine], values[mine], record[mine].astype(np.float64)))
    items = pieces[0]
    for (_, step), piece in zip(sessions, pieces[1:], strict=True):
        items += [Rewind(step), *piece]
    return items
