"""Permission: a question with its facts goes in, a person answers, a permit for exactly those facts comes out.

A function that does a dangerous thing takes a :class:`Permit`, so calling it without one neither
type-checks nor runs. Every answer, and what became of the deed, goes to the recorder the guard was made with.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from types import TracebackType

from cockpit.domain.policy import Action, Policy
from cockpit.errors import CockpitError

_ENDING = frozenset({Action.STOP, Action.TERMINATE, Action.KILL})


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
    moving: bool = False  # changes by itself all the time: shown and recorded, but agreed to at any value of its level


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
    measurable: bool = False  # a dry run would better the facts

    @property
    def digest(self) -> str:
        """SHA-256 over everything agreed to: another fact is another question."""
        agreed = replace(self, facts=tuple(replace(f, value="") if f.moving else f for f in self.facts))
        canonical = json.dumps(asdict(agreed), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()

    def as_facts(self) -> dict[str, str]:
        """The facts by label, for machines."""
        found: dict[str, str] = {}
        for fact in self.facts:
            found[fact.label] = f"{found[fact.label]}; {fact.value}" if fact.label in found else fact.value
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person said; ``word`` is what they typed, ``how`` the way they said it."""

    agreed: bool
    word: str = ""
    how: str = "key"

    @classmethod
    def yes(cls, how: str = "key") -> Answer:
        """A light yes."""
        return cls(True, how=how)

    @classmethod
    def typed(cls, word: str, how: str = "typed") -> Answer:
        """A yes that repeats the subject."""
        return cls(True, word, how)

    @classmethod
    def no(cls) -> Answer:
        """A refusal."""
        return cls(False)

    @classmethod
    def measure(cls) -> Answer:
        """Not before a dry run; to whoever does not know of that, a refusal."""
        return cls(False, how="measure")


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer to a question, or what became of the deed; both have the same ``id``."""

    id: str
    question: Question
    answer: str = ""  # yes | no | refused | denied | unanswered
    how: str = ""  # key | typed | the option of the command
    outcome: str = ""  # done | failed | void
    detail: str = ""


class Refused(CockpitError):
    """The person said no, or not in the way the stakes ask for, or the project forbids it."""


class Unrecorded(CockpitError):
    """The answer could not be written down, so the deed must not be done."""

    exit_code = 1


class PermitVoid(CockpitError):
    """A permit does not cover the deed: forged, used, expired, or the facts have changed."""


class FactsChanged(PermitVoid):
    """The facts are not those that were agreed to; ask again."""


class Permit:
    """Leave to do one deed once. Only a :class:`Guard` makes one that a guard accepts."""

    __slots__ = ("action", "digest", "expires", "nonce", "seal")

    def __init__(self, action: Action, digest: str, expires: float, nonce: str, seal: str) -> None:
        self.action, self.digest, self.expires, self.nonce, self.seal = action, digest, expires, nonce, seal


class Guard:
    """Gives and redeems permits.

    Args:
        clock: seconds, monotonic.
        record: keeps a decision durably; raises :class:`Unrecorded` where it cannot.
        policy: what is refused, looked up at every question.
        lifetime: seconds a permit is good for.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        record: Callable[[Decision], None],
        policy: Callable[[], Policy] = Policy,
        lifetime: float = 300.0,
    ) -> None:
        self._clock, self._record, self._policy, self._lifetime = clock, record, policy, lifetime
        self._key = secrets.token_bytes(32)
        self._open: set[str] = set()

    def check(self, question: Question) -> None:
        """Make sure that it may be asked at all.

        Raises:
            Refused: the project forbids the action, or nothing may be changed from here.
        """
        policy = self._policy()
        if policy.read_only:
            raise Refused("This cockpit only looks: it was opened with --read-only", "Nothing was done")
        if question.action in policy.denied:
            self._keep(Decision(_new_id(), question, answer="denied"))
            raise Refused(
                f"cockpit.toml denies {question.action} in this project",
                "Nothing was done",
                f"Whoever may change that edits [guard.actions] {question.action} there",
            )

    def unanswered(self, question: Question) -> None:
        """Put on record that it was asked where nobody could answer."""
        self._keep(Decision(_new_id(), question, answer="unanswered"))

    def permit(self, question: Question, answer: Answer) -> Permit:
        """A permit for the deed that ``question`` describes; the answer is on record before it is given.

        Raises:
            Refused: the answer is no, a typed consent does not repeat the subject, or the project forbids it.
            Unrecorded: a yes could not be written down.
        """
        self.check(question)
        nonce = _new_id()
        mistyped = question.consent is Consent.TYPED and answer.word != question.subject
        said = "no" if not answer.agreed else "refused" if mistyped else "yes"
        self._keep(Decision(nonce, question, answer=said, how=answer.how))
        if not answer.agreed:
            raise Refused(f"{question.title}: refused, nothing was changed", "Nothing was done")
        if mistyped:
            raise Refused(f"This needs the name typed out: {question.subject}", "Nothing was done")
        expires = self._clock() + self._lifetime
        self._open.add(nonce)
        seal = self._seal(question.action, question.digest, expires, nonce)
        return Permit(question.action, question.digest, expires, nonce, seal)

    def spend(self, permit: Permit, question: Question) -> Deed:
        """Use ``permit`` for the deed as its facts stand now; afterwards it is void.

        The deed is done in a ``with`` block over what is returned, which records how it went.

        Raises:
            PermitVoid: the permit was forged, used before, has expired, or speaks of other facts.
        """
        try:
            self._redeem(permit, question)
        except PermitVoid as error:
            self._keep(Decision(permit.nonce, question, outcome="void", detail=error.message))
            raise
        return Deed(self._keep, Decision(permit.nonce, question))

    def _redeem(self, permit: Permit, question: Question) -> None:
        seal = self._seal(permit.action, permit.digest, permit.expires, permit.nonce)
        if not hmac.compare_digest(seal, permit.seal):
            raise PermitVoid("This permission was not given by a person here", "Permission forged")
        if permit.nonce not in self._open:
            raise PermitVoid("This permission was used already", "Permission used", "Ask again")
        self._open.discard(permit.nonce)
        if self._clock() > permit.expires:
            raise PermitVoid("This permission has expired", "Permission expired", "Ask again")
        if permit.digest != question.digest:
            raise FactsChanged("The facts changed between question and deed", "Permission void", "Look again, then say")

    def _keep(self, decision: Decision) -> None:
        try:
            self._record(decision)
        except Unrecorded:
            # a full disk must not keep a person from ending a run, nor undo a "no" or a deed that is done
            if decision.answer == "yes" and decision.question.action not in _ENDING:
                raise

    def _seal(self, action: Action, digest: str, expires: float, nonce: str) -> str:
        message = f"{action}|{digest}|{expires!r}|{nonce}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()


class Deed:
    """The time in which a permitted deed is done; its end is recorded."""

    def __init__(self, record: Callable[[Decision], None], decision: Decision) -> None:
        self._record, self._decision = record, decision

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        outcome, detail = ("done", "") if error is None else ("failed", f"{type(error).__name__}: {error}")
        self._record(replace(self._decision, outcome=outcome, detail=detail))


def _new_id() -> str:
    return secrets.token_hex(8)
