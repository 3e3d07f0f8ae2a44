"""What is told at its step for ever: changes, from the trainer's journal, and notes, from a file of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cockpit.domain import hyperparameters as knobs
from cockpit.domain.run import Mark
from cockpit.runs.fold import integer, text
from cockpit.runs.journal import Event, JournalTail, read_number, texts
from cockpit.runs.layout import RunPaths


class Marks:
    """The marks of one run, kept up to date.

    Args:
        run: whose notes are read; the events of its journal are handed in.
    """

    def __init__(self, run: RunPaths) -> None:
        self._changes: list[Mark] = []
        self._notes: list[Mark] = []
        self._tail = JournalTail(run.notes)

    def apply(self, event: Event) -> None:
        """Take in an event of the trainer's journal."""
        if event["event"] == "hyperparameters":
            self._changes.append(_change(event))
        elif event["event"] == "fit_start" and "changes" in event:
            taken = texts(event["changes"])  # a resume takes some of the changes along and leaves others behind
            self._changes = [replace(mark, in_force=mark.id in taken) for mark in self._changes]

    def forget_changes(self) -> None:
        """The journal begins anew."""
        self._changes = []

    def poll(self) -> tuple[Mark, ...]:
        """All of them, oldest first; new notes are read."""
        events, restarted = self._tail.poll()
        if restarted:
            self._notes = []
        self._notes += [_note(event) for event in events if event["event"] == "note"]
        return tuple(sorted([*self._changes, *self._notes], key=lambda mark: mark.time))


def _change(event: Event) -> Mark:
    old, new = figures_of(event.get("old")), figures_of(event.get("hyperparameters"))
    mark = _mark(event, text(event.get("request")), "change", knobs.told(old, new))
    return replace(mark, values={name: value for name, value in new.items() if old.get(name) != value})


def _note(event: Event) -> Mark:
    return _mark(event, text(event.get("id")), "note", text(event.get("text")))


def _mark(event: Event, identity: str, kind: str, told: str) -> Mark:
    step, time = integer(event.get("step")) or 0, read_number(event.get("t")) or 0.0
    return Mark(identity, step, time, kind, told, text(event.get("by")))


def figures_of(record: Any) -> dict[str, float | int | None]:
    """The values that a record holds of what can be changed; whole numbers as such."""
    if not isinstance(record, dict):
        return {}
    return {
        knob.name: integer(record[knob.name]) if knob.whole else read_number(record[knob.name])
        for knob in knobs.KNOBS
        if knob.name in record
    }
