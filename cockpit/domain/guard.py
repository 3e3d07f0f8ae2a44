"""Permission: a question with its facts goes in, a person answers, a permit for exactly those facts comes out.

A function that does a dangerous thing takes a :class:`Permit`, so calling it without one neither
type-checks nor runs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

from cockpit.errors import CockpitError


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


class Consent(StrEnum):
    """How a yes is given: one key, or a word typed out for what is expensive, irreversible or public."""

    LIGHT = "light"
    TYPED = "typed"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the facts; ``level`` is "", "warn" or "bad"."""

    label: str
    value: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked, in the order it is shown."""

    action: Action
    subject: str  # what a typed consent has to repeat
    title: str
    will: str  # what will happen
    facts: tuple[Fact, ...]
    cannot_undo: str
    yes: str
    no: str = "Cancel"
    consent: Consent = Consent.LIGHT
    command: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over everything shown: another fact is another question."""
        canonical = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()

    def as_facts(self) -> dict[str, str]:
        """The facts by label, for machines."""
        return {fact.label: fact.value for fact in self.facts}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person said; ``word`` is what they typed."""

    agreed: bool
    word: str = ""

    @classmethod
    def yes(cls) -> Answer:
        """A light yes."""
        return cls(True)

    @classmethod
    def typed(cls, word: str) -> Answer:
        """A yes that repeats the subject."""
        return cls(True, word)

    @classmethod
    def no(cls) -> Answer:
        """A refusal."""
        return cls(False)


class Refused(CockpitError):
    """The person said no, or not in the way the stakes ask for."""


class PermitVoid(CockpitError):
    """A permit does not cover the deed: forged, used, expired, or the facts have changed."""


class Permit:
    """Leave to do one deed once. Only a :class:`Guard` makes one that a guard accepts."""

    __slots__ = ("action", "digest", "expires", "nonce", "seal")

    def __init__(self, action: Action, digest: str, expires: float, nonce: str, seal: str) -> None:
        self.action, self.digest, self.expires, self.nonce, self.seal = action, digest, expires, nonce, seal


class Guard:
    """Gives and redeems permits.

    Args:
        clock: seconds, monotonic.
        lifetime: seconds a permit is good for.
    """

    def __init__(self, clock: Callable[[], float], lifetime: float = 300.0) -> None:
        self._clock, self._lifetime = clock, lifetime
        self._key = secrets.token_bytes(32)
        self._open: set[str] = set()

    def permit(self, question: Question, answer: Answer) -> Permit:
        """A permit for the deed that ``question`` describes.

        Raises:
            Refused: the answer is no, or a typed consent does not repeat the subject.
        """
        if not answer.agreed:
            raise Refused(f"{question.title}: refused, nothing was changed", "Nothing was done")
        if question.consent is Consent.TYPED and answer.word != question.subject:
            raise Refused(f"This needs the name typed out: {question.subject}", "Nothing was done")
        nonce = secrets.token_hex(16)
        expires = self._clock() + self._lifetime
        self._open.add(nonce)
        seal = self._seal(question.action, question.digest, expires, nonce)
        return Permit(question.action, question.digest, expires, nonce, seal)

    def spend(self, permit: Permit, question: Question) -> None:
        """Use ``permit`` for the deed as its facts stand now; afterwards it is void.

        Raises:
            PermitVoid: the permit was forged, used before, has expired, or speaks of other facts.
        """
        seal = self._seal(permit.action, permit.digest, permit.expires, permit.nonce)
        if not hmac.compare_digest(seal, permit.seal):
            raise PermitVoid("This permission was not given by a person here", "Permission forged")
        if permit.nonce not in self._open:
            raise PermitVoid("This permission was used already", "Permission used", "Ask again")
        self._open.discard(permit.nonce)
        if self._clock() > permit.expires:
            raise PermitVoid("This permission has expired", "Permission expired", "Ask again")
        if permit.digest != question.digest:
            raise PermitVoid("The facts changed between question and deed", "Permission void", "Look again, then say")

    def _seal(self, action: Action, digest: str, expires: float, nonce: str) -> str:
        message = f"{action}|{digest}|{expires!r}|{nonce}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
