"""What stands in the audit, question by question: who was asked what, what they said, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cockpit.domain.text import count

_YEAR_10000 = 253_402_300_800  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class Decided:
    """One question, with its answer and the outcome of the deed."""

    id: str
    time: float  # seconds since the epoch; 0 where the audit gives none that a calendar has
    who: str
    via: str
    action: str
    subject: str
    title: str
    answer: str = ""  # yes | no | refused | denied | unanswered; empty where only a void permit is on record
    how: str = ""
    outcome: str = ""  # done | failed | void
    detail: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    command: str = ""
    sequence: int = 0


def decided(entries: Sequence[Mapping[str, Any]]) -> tuple[Decided, ...]:
    """The questions behind the lines of an audit, newest first; an outcome joins the answer of the same id.

    What is not of the form that an audit has is shown as far as it goes: the file may be anybody's.
    """
    found: dict[str, Decided] = {}
    for number, entry in enumerate(entries):
        identity = str(entry.get("id") or f"line {number + 1}")
        known = found.get(identity)
        outcome, detail = str(entry.get("outcome", "")), str(entry.get("detail", ""))
        if known is not None and outcome and not known.outcome:
            found[identity] = replace(known, outcome=outcome, detail=detail)
        elif known is None:
            found[identity] = _decided(identity, entry)
    return tuple(reversed(found.values()))


def _decided(identity: str, entry: Mapping[str, Any]) -> Decided:
    facts, number = entry.get("facts"), entry.get("sequence")
    return Decided(
        id=identity,
        time=float(moment)
        if isinstance(moment := entry.get("time"), (int, float)) and 0 <= moment < _YEAR_10000
        else 0.0,
        who=_person(entry.get("who")),
        facts=tuple((str(f[0]), str(f[1])) for f in facts if isinstance(f, list) and len(f) == 2)
        if isinstance(facts, list)
        else (),
        sequence=number if isinstance(number, int) else 0,
        **{name: str(entry.get(name, "")) for name in _WORDS},
    )


_WORDS = ("via", "action", "subject", "title", "answer", "how", "outcome", "detail", "command")


def _person(who: object) -> str:
    if not isinstance(who, Mapping):
        return "unknown"
    place = f"{who.get('user', '?')}@{who.get('host', '?')}"
    return f"{place} from {who['ssh']}" if "ssh" in who else place


def verdict(entries: int, problems: Sequence[str]) -> str:
    """Whether the chain holds, in a few words."""
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        return f"broken: {problems[0]}{more}"
    return f"verified: {count(entries)} {'entry' if entries == 1 else 'entries'}" if entries else "nobody was asked yet"
