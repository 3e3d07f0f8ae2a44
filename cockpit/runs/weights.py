"""How far a step moved each layer, as the journal tells it."""

from __future__ import annotations

from typing import Any

from cockpit.domain.weights import Group, Layer, Weighed
from cockpit.runs.fold import integer, text
from cockpit.runs.journal import Event, read_number

_MOST = 200  # layers and groups that are read of one event


def weighed_of(event: Event) -> Weighed:
    """What a ``weights`` event tells; a field of the wrong type counts as missing."""
    return Weighed(
        step=integer(event.get("step")) or 0,
        time=read_number(event.get("t")) or 0.0,
        layers=tuple(_layer(record) for record in _records(event.get("layers"))),
        groups=tuple(_group(record) for record in _records(event.get("groups"))),
        tensors=integer(event.get("tensors")) or 0,
        elements=integer(event.get("elements")) or 0,
        sampled=read_number(event.get("sampled")) or 0.0,
        ratio=read_number(event.get("ratio")),
        high=integer(event.get("high")) or 0,
        low=integer(event.get("low")) or 0,
        bad=integer(event.get("bad")) or 0,
        seconds=read_number(event.get("seconds")) or 0.0,
        bytes=integer(event.get("bytes")) or 0,
        skipped=integer(event.get("skipped")) or 0,
        note=text(event.get("note")),
    )


def _records(value: Any) -> list[dict[str, Any]]:
    return [each for each in value[:_MOST] if isinstance(each, dict)] if isinstance(value, list) else []


def _layer(record: dict[str, Any]) -> Layer:
    return Layer(
        name=text(record.get("name")),
        elements=integer(record.get("elements")) or 0,
        matrix=record.get("matrix") is True,
        ratio=read_number(record.get("ratio")),
        weight=read_number(record.get("weight")) or 0.0,
        gradient=read_number(record.get("gradient")),
        bad_weights=integer(record.get("bad_weights")) or 0,
        bad_gradients=integer(record.get("bad_gradients")) or 0,
    )


def _group(record: dict[str, Any]) -> Group:
    return Group(read_number(record.get("rate")), integer(record.get("tensors")) or 0, read_number(record.get("ratio")))
