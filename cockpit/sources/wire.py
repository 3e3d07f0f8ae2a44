"""The wire format of protocol buffers (protobuf.dev/programming-guides/encoding), as far as reading needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_LONGEST = 10  # bytes of a varint


class Field(NamedTuple):
    """One field of a message; its payload is ``data[start:end]``."""

    number: int
    kind: int
    start: int
    end: int
    value: int = 0  # of a varint


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The number at ``at``, and where it ends.

    Raises:
        ValueError: it does not end before ``end``.
    """
    value = shift = 0
    for position in range(at, min(end, at + _LONGEST)):
        byte = data[position]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position + 1
        shift += 7
    raise ValueError("a number without an end")


def fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """The fields of the message in ``data[start:end]``.

    Raises:
        ValueError: this is no message.
    """
    at = start
    while at < end:
        key, at = varint(data, at, end)
        number, kind, value = key >> 3, key & 7, 0
        begun = at
        if kind == VARINT:
            value, at = varint(data, at, end)
        elif kind == BYTES:
            length, begun = varint(data, at, end)
            at = begun + length
        elif kind in (FIXED64, FIXED32):
            at += 8 if kind == FIXED64 else 4
        else:
            raise ValueError("no such kind of field")
        if at > end or not number:
            raise ValueError("a field beyond its message")
        yield Field(number, kind, begun, at, value)


def signed(value: int) -> int:
    """A varint as the int64 it stands for."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def text(data: bytes, field: Field) -> str:
    """A field as text; what is not UTF-8 is replaced."""
    return data[field.start : field.end].decode(errors="replace") if field.kind == BYTES else ""
