"""Data that grew under a run that nobody permitted to download."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.domain.text import safe, size


@dataclass(frozen=True, slots=True)
class Growth:
    """What a runner has held its trainer for."""

    time: float  # seconds since the epoch
    bytes: int  # since the run began, or since a person last looked at it
    limit: int  # bytes that go without asking
    folders: Mapping[str, int]  # bytes by what grew: "data", "torch hub cache", ...
    wrote: int | None = None  # bytes that the trainer's processes have written anywhere; None: not known

    @classmethod
    def of(cls, event: Mapping[str, object]) -> Growth:
        """What a ``growth`` event tells; journals are data from outside."""
        moment, folders, wrote = event.get("t"), event.get("folders"), event.get("wrote")
        known = folders.items() if isinstance(folders, dict) else ()
        return cls(
            time=float(moment) if isinstance(moment, (int, float)) else 0.0,
            bytes=_whole(event.get("bytes")),
            limit=_whole(event.get("limit")),
            folders={str(name): _whole(count) for name, count in known},
            wrote=wrote if isinstance(wrote, int) else None,
        )

    @property
    def more(self) -> int:
        """Bytes that a yes is to: it may grow by as much again."""
        return max(self.bytes, self.limit)

    @property
    def told(self) -> str:
        """What happened, for the line of evidence."""
        grown = " and ".join(f"{safe(name)} grew by {size(count)}" for name, count in self.folders.items() if count > 0)
        return f"held: {grown or f'data grew by {size(self.bytes)}'} without permission"


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
