"""Keys in the air: which of them a run may see. What is not named stays behind, and production never meets a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cockpit.errors import NeedsPermission


class Kind(StrEnum):
    """What a person has called a key; nobody can tell it from its shape."""

    PRODUCTION = "production"
    TEST = "test"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its value."""

    name: str  # the variable, or where it stands in the config: "line 12"
    fingerprint: str  # salted hash, hex: enough to tell keys apart, too little to find one
    kind: Kind = Kind.UNKNOWN
    written: bool = False  # in the config, so it cannot be held back

    def __str__(self) -> str:
        """For a person."""
        return f"{self.name} {self.fingerprint} ({self.kind})"


class KeysUnnamed(NeedsPermission):
    """A person has to say first what these keys are."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        super().__init__(
            f"{', '.join(map(str, keys))}: seen for the first time. Is it a production key or a test key?",
            {key.name: key.fingerprint for key in keys},
            f"To say it: cockpit keys {keys[0].fingerprint} production   (or test)",
        )
        self.keys = keys


@dataclass(frozen=True, slots=True)
class Handling:
    """What becomes of the keys at a launch."""

    given: tuple[Key, ...]
    held: tuple[Key, ...]
    written: tuple[Key, ...]  # in the config
    unnamed: tuple[Key, ...]  # a person has to say first what they are
    refused: tuple[Key, ...]  # production keys that a test cannot be kept from


def handle(keys: Sequence[Key], allowed: Sequence[str], *, test: bool) -> Handling:
    """Decide for every key.

    Args:
        keys: those of the environment, and those written in the config, which cannot be held back.
        allowed: variables that runs may see.
        test: whether the run is one; it gets only what was called a test key.
    """
    written = tuple(key for key in keys if key.written)
    wanted = tuple(key for key in keys if not key.written and key.name in allowed)
    given = tuple(key for key in wanted if not test or key.kind is Kind.TEST)
    asked = (*written, *given)
    return Handling(
        given=given,
        held=tuple(key for key in keys if not key.written and key not in given),
        written=written,
        unnamed=tuple(key for key in asked if key.kind is Kind.UNKNOWN),
        refused=tuple(key for key in written if test and key.kind is Kind.PRODUCTION),
    )
