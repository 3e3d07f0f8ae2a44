"""Events of TensorBoard: where the numbers of one stand in its bytes, and those of many alike at once.

An event is a protocol buffer (tensorboard/compat/proto/event.proto). A training writes the same few shapes of it over
and over; only time, step and values differ. So one event of each shape is parsed, and all others of the same length
that agree with it in every other byte are read as columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cockpit.sources import wire

_SESSION_START = 1  # SessionLog.SessionStatus
_FLOAT, _DOUBLE = 1, 2  # DataType
_KINDS = {_FLOAT: "<f4", _DOUBLE: "<f8"}
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no byte is lost
_SCALARS = b"scalars"  # the plug-in of scalar summaries


class Slot(NamedTuple):
    """A value inside an event."""

    tag: str
    at: int  # byte of the event
    kind: str  # "<f4" or "<f8"


@dataclass(slots=True)
class Shape:
    """Where the numbers of an event stand; positions count from its first byte."""

    time: int | None = None
    step: tuple[int, int] | None = None  # first byte and end of a varint
    slots: list[Slot] = field(default_factory=list)
    restarts: bool = False  # a session begins


class Columns(NamedTuple):
    """The numbers of many events of one shape."""

    steps: NDArray[np.int64]  # [N]
    times: NDArray[np.float64]  # [N]
    values: list[NDArray[np.float64]]  # [N] for every slot


def shape_of(event: bytes) -> Shape:
    """Parse one event.

    Raises:
        ValueError: it is none.
    """
    shape = Shape()
    for one in wire.fields(event, 0, len(event)):
        match one.number, one.kind:
            case 1, wire.FIXED64:
                shape.time = one.start
            case 2, wire.VARINT:
                shape.step = one.start, one.end
            case 5, wire.BYTES:
                for value in wire.fields(event, one.start, one.end):
                    if value.number == 1 and value.kind == wire.BYTES:
                        _add_value(event, value, shape.slots)
            case 7, wire.BYTES:
                status = [f.value for f in wire.fields(event, one.start, one.end) if f.number == 1]
                shape.restarts = status[-1:] == [_SESSION_START]
    return shape


def _add_value(event: bytes, value: wire.Field, slots: list[Slot]) -> None:
    """Summary.Value: tag 1, simple_value 2, tensor 8, metadata 9."""
    tag, plugin = "", b""
    found: tuple[int, str] | None = None
    for one in wire.fields(event, value.start, value.end):
        match one.number, one.kind:
            case 1, wire.BYTES:
                tag = wire.text(event, one)
            case 2, wire.FIXED32:
                found = one.start, "<f4"
            case 8, wire.BYTES:
                found = _number_in_tensor(event, one)
            case 9, wire.BYTES:
                plugin = _plugin(event, one)
    if found is not None and plugin in (b"", _SCALARS):
        slots.append(Slot(tag, *found))


def _number_in_tensor(event: bytes, tensor: wire.Field) -> tuple[int, str] | None:
    """TensorProto: dtype 1, shape 2, content 4, float_val 5, double_val 6. None unless it holds one number, rank 0."""
    dtype, data = 0, None
    for one in wire.fields(event, tensor.start, tensor.end):
        match one.number, one.kind:
            case 1, wire.VARINT:
                dtype = one.value
            case 2, wire.BYTES if one.end > one.start:
                return None
            case 4 | 5 | 6, wire.BYTES | wire.FIXED32 | wire.FIXED64:
                data = one
    kind = _KINDS.get(dtype)
    if kind is None or data is None or data.end - data.start != int(kind[-1]):
        return None
    return data.start, kind


def _plugin(event: bytes, metadata: wire.Field) -> bytes:
    """SummaryMetadata.plugin_data.plugin_name."""
    for one in wire.fields(event, metadata.start, metadata.end):
        if one.number == 1 and one.kind == wire.BYTES:
            for inner in wire.fields(event, one.start, one.end):
                if inner.number == 1 and inner.kind == wire.BYTES:
                    return event[inner.start : inner.end]
    return b""


def groups(rows: NDArray[np.uint8], shape: Shape | None) -> list[NDArray[np.int64]]:
    """Rows that most likely have one shape, together: indices, by a hash of what a ``shape`` does not let vary."""
    if not len(rows):
        return []
    hashes = np.zeros(len(rows), np.uint64)
    for column in np.flatnonzero(_fixed(rows.shape[1], shape or Shape())):
        hashes *= _BASE
        hashes += rows[:, column]
    order = np.argsort(hashes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(hashes[order])) + 1)


def _fixed(length: int, shape: Shape) -> NDArray[np.bool_]:
    """The bytes of an event that all of one shape have in common."""
    fixed = np.ones(length, bool)
    if shape.time is not None:
        fixed[shape.time : shape.time + 8] = False
    for slot in shape.slots:
        fixed[slot.at : slot.at + int(slot.kind[-1])] = False
    if shape.step is not None:
        fixed[slice(*shape.step)] = False
    return fixed


def alike(rows: NDArray[np.uint8], shape: Shape) -> NDArray[np.bool_]:
    """Which rows have the shape of the first: uint8 [N, length] -> bool [N]."""
    fixed = _fixed(rows.shape[1], shape)
    same: NDArray[np.bool_] = np.all(rows[:, fixed] == rows[0, fixed], axis=1)
    if shape.step is not None:  # varints of one length
        continued = rows[:, slice(*shape.step)] & 0x80
        same &= (continued == continued[0]).all(axis=1)
    return same


def columns(rows: NDArray[np.uint8], shape: Shape) -> Columns:
    """The numbers of events that are alike."""
    steps = np.zeros(len(rows), np.uint64)
    if shape.step is not None:
        for index, column in enumerate(range(*shape.step)):
            steps |= (rows[:, column] & 0x7F).astype(np.uint64) << np.uint64(7 * index)
    times = np.zeros(len(rows)) if shape.time is None else _numbers(rows, shape.time, "<f8")
    return Columns(steps.view(np.int64), times, [_numbers(rows, slot.at, slot.kind) for slot in shape.slots])


def _numbers(rows: NDArray[np.uint8], at: int, kind: str) -> NDArray[np.float64]:
    part = np.ascontiguousarray(rows[:, at : at + int(kind[-1])])
    return part.view(kind)[:, 0].astype(np.float64)
