"""A person's yes without the screen."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from typing import TypeVar

from cockpit.domain.guard import Answer, Consent, FactsChanged, Guard, Permit, Question
from cockpit.errors import NeedsPermission

Plan = TypeVar("Plan")
Done = TypeVar("Done")


def with_consent(
    guard: Guard,
    plan: Callable[[], tuple[Plan, Question]],
    deed: Callable[[Plan, Permit], Done],
    arguments: Namespace,
    command: str,
) -> Done:
    """Do what was planned once somebody agrees; where the facts changed meanwhile, a person here is asked again."""
    while True:
        planned, question = plan()
        permit = consent(guard, question, arguments, command)
        try:
            return deed(planned, permit)
        except FactsChanged as error:
            if not _person_here():
                raise
            print(f"{error.message}: look again.\n")


def consent(guard: Guard, question: Question, arguments: Namespace, command: str) -> Permit:
    """A permit by ``--allow``, by ``--yes`` where that is enough, or by a person at this terminal.

    Raises:
        NeedsPermission: none of these; it has the facts.
        Refused: the person says no, or the project forbids it.
    """
    guard.check(question)
    if question.action in arguments.allow:
        return guard.permit(question, Answer.typed(question.subject, how=f"--allow {question.action}"))
    light = question.consent is Consent.LIGHT
    if arguments.yes and light:
        return guard.permit(question, Answer.yes(how="--yes"))
    if not _person_here():
        option = "--yes" if light else f"--allow {question.action}"
        facts = question.as_facts() | {"command": question.command, "cannot undo": question.cannot_undo}
        told = {label: value for label, value in facts.items() if value}
        raise NeedsPermission(question.title, told | {"needs": option}, f"To allow it: {command} {option}")
    _show(question)
    return guard.permit(question, _light_answer(question) if light else _typed_answer(question))


def _person_here() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _show(question: Question) -> None:
    print(f"{question.title}\n{question.will}")
    for fact in question.facts:
        print(f"  {fact.label:<14} {'! ' if fact.level else ''}{fact.value}")
    if question.command:
        print(f"  {question.command}")
    if question.cannot_undo:
        print(question.cannot_undo)


def _light_answer(question: Question) -> Answer:
    return Answer.yes() if _read(f"{question.yes}? [y/N] ").lower() in ("y", "yes") else Answer.no()


def _typed_answer(question: Question) -> Answer:
    word = _read(f"{question.yes}? Type {question.subject} to agree: ")
    return Answer.typed(word) if word else Answer.no()


def _read(prompt: str) -> str:
    try:
        return input(prompt).strip()
    except EOFError:
        return ""
