"""What the six criteria of good training say; the rules that say it are in ``rules``."""

from cockpit.domain.criteria.criterion import (
    BAD,
    EARLY,
    EXPLAINED,
    OK,
    UNTOLD,
    WARN,
    Criterion,
    summary,
    unjudged,
)

__all__ = ["BAD", "EARLY", "EXPLAINED", "OK", "UNTOLD", "WARN", "Criterion", "summary", "unjudged"]
