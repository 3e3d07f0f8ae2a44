"""Letting a key through to one run, and saying what a key is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Protocol

from cockpit.actions.environment import ChildEnvironment
from cockpit.domain.guard import Consent, Fact, Guard, Permit, PermitVoid, Question
from cockpit.domain.keys import Key, Kind
from cockpit.domain.policy import Action
from cockpit.domain.text import safe
from cockpit.probes.keyring import Keyring


def keys_question(config: str, child: ChildEnvironment, env_pass: Sequence[str]) -> Question | None:
    """What a person is asked before a run gets keys that no setting gives it; None where there are none."""
    given = [key for key in child.keys.given if key.name in env_pass]
    if not given:
        return None
    production = any(key.kind is Kind.PRODUCTION for key in given)
    names = " ".join(key.name for key in given)
    held = ", ".join(key.name for key in child.keys.held) or "none"
    return Question(
        action=Action.KEYS,
        subject=names,
        title=f"Give {safe(names)} to this run?",
        will="The run, and every process that it starts, can read and use it.",
        facts=(
            *(Fact(key.name, f"{key.fingerprint}, {key.kind}", _level(key.kind)) for key in given),
            Fact("run of", safe(config)),
            Fact("held back", safe(held)),
            Fact("for", "this one run; cockpit.toml and other runs stay as they are"),
        ),
        cannot_undo="What a run has read it can keep or send on; only revoking the key undoes that.",
        yes="Give",
        consent=Consent.TYPED if production else Consent.LIGHT,
    )


def naming_question(key: Key, kind: Kind) -> Question | None:
    """What is asked before a key is called something else than production; None where no test would see more by it."""
    return _naming(key, kind) if key.kind is Kind.PRODUCTION and kind is not Kind.PRODUCTION else None


def name_key(keyring: Keyring, key: Key, kind: Kind, permit: Permit | None, guard: Guard) -> None:
    """Remember what a person calls a key.

    Args:
        keyring: that remembers.
        key: one of its keys.
        kind: what it is from now on.
        permit: for the question, where there is one.
        guard: that gave it.

    Raises:
        PermitVoid: the permit is missing, does not cover it, or the key is called something else by now.
        CannotWrite: the keyring's file cannot be written.
    """
    now = replace(key, kind=keyring.known(key.fingerprint).kind)
    if permit is not None:
        with guard.spend(permit, _naming(now, kind)):
            keyring.remember(key.fingerprint, kind)
    elif naming_question(now, kind) is not None:
        raise PermitVoid(f"Nobody has allowed that {safe(key.name)} is called so", "Permission missing")
    else:
        keyring.remember(key.fingerprint, kind)


def _naming(key: Key, kind: Kind) -> Question:
    return Question(
        action=Action.KEYS,
        subject=key.name,
        title=f"Call {safe(key.name)} a {kind} key?",
        will="From now on a run marked as a test can be given it, in every project of yours.",
        facts=(
            Fact("key", f"{key.fingerprint}, {key.kind}", _level(key.kind)),
            Fact("will be", f"a {kind} key", "warn"),
        ),
        cannot_undo="What a test has read it can keep or send on; only revoking the key undoes that.",
        yes=f"Call it {kind}",
        consent=Consent.TYPED,
    )


class Launching(Protocol):
    """A launch that has been thought through."""

    @property
    def question(self) -> Question:
        """On the launch itself."""

    @property
    def keys_question(self) -> Question | None:
        """On the keys that it would be given, where there are any."""


@contextmanager
def spending(guard: Guard, plan: Launching, permit: Permit, keys: Permit | None) -> Iterator[None]:
    """Spend the permits of a launch; what is done inside is the deed.

    Raises:
        PermitVoid: one is missing, does not cover it, or the facts have changed since.
    """
    asked = plan.keys_question
    if asked is not None and keys is None:
        raise PermitVoid("Nobody has allowed the keys that this run would get", "Permission missing")
    with ExitStack() as deeds:
        deeds.enter_context(guard.spend(permit, plan.question))
        if asked is not None and keys is not None:
            deeds.enter_context(guard.spend(keys, asked))
        yield


def _level(kind: Kind) -> str:
    return {Kind.PRODUCTION: "bad", Kind.TEST: ""}.get(kind, "warn")
