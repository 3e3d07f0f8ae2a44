"""How much of a yes a run needs: what is short, on few GPUs, and known to be so asks lightly."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cockpit.domain.guard import Consent


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Up to where a light yes is enough."""

    minutes: float
    gpus: int
    unmeasured: Consent


@dataclass(frozen=True, slots=True)
class Stakes:
    """What a run would take at most, in seconds: infinite without an end, None where nobody has measured it."""

    seconds: float | None
    gpus: int = 0


def consent_for(stakes: Stakes, limits: Thresholds) -> Consent:
    """Light where both are within the limits; where the length is not known, what the project has set for that."""
    if stakes.gpus > limits.gpus:
        return Consent.TYPED
    if stakes.seconds is None:
        return limits.unmeasured
    within = math.isfinite(stakes.seconds) and stakes.seconds <= 60 * limits.minutes
    return Consent.LIGHT if within else Consent.TYPED
