"""A person's yes without the screen."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from typing import TypeVar

from cockpit.commands.common import wrapped
from cockpit.domain.guard import Answer, Consent, FactsChanged, Guard, Permit, Question
from cockpit.domain.secrets import redact
from cockpit.domain.text import shell_line
from cockpit.errors import NeedsPermission

_INDENT = 17  # cells before a fact's value
Plan = TypeVar("Plan")
Done = TypeVar("Done")


def with_consent(
    guard: Guard,
    plan: Callable[[], tuple[Plan, Question]],
    deed: Callable[[Plan, Permit], Done],
    arguments: Namespace,
    run: str = "",
) -> Done:
    """Do what was planned once somebody agrees; where the facts changed meanwhile, a person here is asked again.

    ``run`` is the id of the run that ``arguments.run`` means.
    """
    while True:
        planned, question = plan()
        permit = consent(guard, question, arguments, run)
        try:
            return deed(planned, permit)
        except FactsChanged as error:
            if not person_here():
                raise
            print(f"{error.message}: look again.\n")


def consent(guard: Guard, question: Question, arguments: Namespace, run: str = "") -> Permit:
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
    if not person_here():
        guard.unanswered(question)
        option = "--yes" if light else f"--allow {question.action}"
        facts = question.as_facts() | {"command": question.command, "cannot undo": question.cannot_undo}
        told = {label: value for label, value in facts.items() if value}
        again = _typed(arguments, option, run)
        raise NeedsPermission(question.title, told | {"needs": option}, f"To allow it: {again}")
    _show(question)
    return guard.permit(question, _light_answer(question) if light else _typed_answer(question))


def _typed(arguments: Namespace, option: str, run: str) -> str:
    """The command word for word, so that what is allowed is what was asked, and ``option``, which allows it.

    A run stands there by its id: ``latest`` may be another one by then.
    """
    typed = [*arguments.typed]
    verb = next(i for i, word in enumerate(typed) if word == arguments.command and typed[i - 1 : i] != ["--project"])
    if run and arguments.run in typed[verb + 1 :]:
        typed[typed.index(arguments.run, verb + 1)] = run
    # what follows `run` is somebody else's command
    where = verb + 1 if arguments.command == "run" else len(typed)
    return redact(shell_line(["cockpit", *typed[:where], *option.split(), *typed[where:]]))


def person_here() -> bool:
    """Whether somebody sits at this terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _show(question: Question) -> None:
    lines = [question.title, *wrapped(question.will, 0)]
    for fact in question.facts:
        first, *more = wrapped(f"{'! ' if fact.level else ''}{fact.value}", _INDENT)
        lines += [f"  {fact.label:<14} {first}", *(" " * _INDENT + line for line in more)]
    lines += [f"  {question.command}"] if question.command else []
    lines += wrapped(question.cannot_undo, 0) if question.cannot_undo else []
    print("\n".join(lines))


def _light_answer(question: Question) -> Answer:
    return Answer.yes() if ask_lightly(question.yes) else Answer.no()


def ask_lightly(what: str) -> bool:
    """Ask the person at this terminal for a yes that is no by default."""
    return read_line(f"{what}? [y/N] ").lower() in ("y", "yes")


def _typed_answer(question: Question) -> Answer:
    word = read_line(f"{question.yes}? Type {question.subject} to agree: ")
    return Answer.typed(word) if word else Answer.no()


def read_line(prompt: str) -> str:
    """What they type; empty at the end of input."""
    try:
        return input(prompt).strip()
    except EOFError:
        return ""
