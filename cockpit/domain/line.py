"""What happened to the step counter of a run that others record, in numbers and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.domain.text import count


@dataclass(frozen=True, slots=True)
class Line:
    """The line on which the steps of such a run were laid, beside its points."""

    restarts: int = 0  # how often the counter began again, among the epochs that are shown
    first: int = 0  # the step it began again at
    sure: bool = False  # the number of the epoch, or the file, shows that no other process began it
    redone: int = 0  # times that training went back
    unsure: bool = False  # training went on in an epoch that cannot be known
    offset: int = 0  # of the steps of the present epoch
    number: float = math.nan  # of the present epoch, where it is told

    @classmethod
    def of(cls, event: Mapping[str, object]) -> Line:
        """What a ``line`` event tells; journals are data from outside."""
        number = event.get("number")
        return cls(
            restarts=_whole(event.get("restarts")),
            first=_whole(event.get("first")),
            sure=event.get("sure") is True,
            redone=_whole(event.get("redone")),
            unsure=event.get("unsure") is True,
            offset=_whole(event.get("offset")),
            number=float(number) if isinstance(number, (int, float)) else math.nan,
        )

    @property
    def told(self) -> tuple[str, ...]:
        """What a person should know of it."""
        told = []
        if self.restarts and not math.isnan(self.number):
            epochs = f"with each epoch; {count(self.restarts + 1)} are shown in a row"
            told.append(f"steps begin again at {count(self.first)} {epochs}")
        elif self.restarts:
            epochs = "taken for epochs" if self.sure or self.restarts > 1 else "an epoch or another training, not known"
            told.append(f"steps began again at {count(self.first)} {_times(self.restarts)}: {epochs}, shown in a row")
        if self.redone:
            told.append(f"steps went back {_times(self.redone)}; what was redone is shown once")
        if self.unsure:
            told.append("in which epoch it went on cannot be known, taken to be the last")
        return tuple(told)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _times(number: int) -> str:
    return "once" if number == 1 else f"{count(number)} times"
