"""What may need a person's yes, and what a project rules about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What may need a person's yes."""

    START = "start"
    RESUME = "resume"
    STOP = "stop"
    TERMINATE = "terminate"
    KILL = "kill"
    DOWNLOAD = "download"
    MODIFY = "modify"
    DELETE = "delete"
    SHARE = "share"
    KEYS = "keys"
    PREPARE = "prepare"  # packages and folders of the project


@dataclass(frozen=True, slots=True)
class Policy:
    """What is refused whatever a person answers."""

    denied: frozenset[Action] = frozenset()
    read_only: bool = False
