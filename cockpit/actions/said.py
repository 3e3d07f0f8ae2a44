"""What is said of a run before it begins, as facts of its question: each with what says it."""

from __future__ import annotations

from cockpit.domain.arguments import Plan
from cockpit.domain.guard import Fact
from cockpit.domain.text import count, safe


def seed_fact(said: Plan) -> Fact:
    """The seed of a script, with what says it."""
    if said.seed is None:
        return Fact("seed", "not known: nothing that is read of it names one", "warn")
    return Fact("seed", f"{said.seed.value}, {safe(said.seed.by)}")


def length_fact(said: Plan) -> Fact:
    """Its length, likewise."""
    told = [
        f"{count(s.value)} {unit}, {safe(s.by)}" for s, unit in ((said.steps, "steps"), (said.epochs, "epochs")) if s
    ]
    return Fact("length", "; ".join(told) or "not known")
