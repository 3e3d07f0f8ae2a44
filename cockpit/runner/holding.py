"""Holds a trainer under which data grew, until a person says something; the trainer can go on without the runner."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path

from cockpit.errors import NotPossible
from cockpit.runner.control import read_sender, suspend
from cockpit.runner.family import Member, members
from cockpit.runner.tripwire import Trip
from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import RunPaths
from cockpit.runs.process import status


class Holding:
    """What the runner does about growth, at each of its ticks.

    Args:
        run: the run directory.
        attempt: the runner's.
        journal: the runner's.
        trainer: who is held.
    """

    def __init__(self, run: RunPaths, attempt: int, journal: JournalWriter, trainer: Member) -> None:
        self._run, self._attempt, self._journal, self._trainer = run, attempt, journal, trainer
        self._held = False

    def tick(self, trip: Trip | None) -> None:
        """Suspend the trainer for a new reason; notice that it was let go on."""
        if trip is not None:
            self._hold(trip)
        elif self._held and status(self._trainer.pid, self._trainer.start_time) == "running":
            self._held = False
            with suppress(OSError):
                self._journal.write(
                    "growth_over", durable=True, by=read_sender(self._run, self._attempt, signal.SIGCONT)
                )

    def _hold(self, trip: Trip) -> None:
        self._held = True
        wrote = _written(members(self._run, self._trainer.pid, self._trainer.start_time))
        with suppress(OSError):  # a download that has filled the disk is held nevertheless
            self._journal.write(
                "growth", durable=True, bytes=trip.bytes, limit=trip.limit, folders=dict(trip.folders), wrote=wrote
            )
        with suppress(NotPossible):  # it has just ended
            suspend(self._run)


def _written(family: list[Member]) -> int | None:
    """Bytes that these processes, and those they have waited for, have written anywhere (proc(5), io: wchar)."""
    found = []
    for member in family:
        with suppress(OSError, ValueError):
            lines = Path(f"/proc/{member.pid}/io").read_text().splitlines()
            found += [int(line.partition(":")[2]) for line in lines if line.startswith("wchar")]
    return sum(found) if found else None
