"""What goes wrong between a server and the disk."""

from __future__ import annotations

from cockpit.errors import CockpitError


class SourceError(CockpitError):
    """The server does not give what it should, or not now."""

    exit_code = 1


class NotAsAgreed(SourceError):
    """What came is not what a person agreed to; it was removed."""


class Interrupted(SourceError):
    """The download stopped in the middle; what came is kept and the next one goes on from there."""
