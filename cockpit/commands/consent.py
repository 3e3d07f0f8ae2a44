"""A person's yes without the screen."""

from __future__ import annotations

import sys

from cockpit.domain.guard import Answer, Guard, Permit, Question
from cockpit.errors import NeedsPermission


def consent(guard: Guard, question: Question, yes: bool, command: str) -> Permit:
    """A permit by ``--yes``, or by a person at this terminal."""
    if yes:
        return guard.permit(question, Answer.yes())
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        facts = question.as_facts() | {"command": question.command, "cannot undo": question.cannot_undo}
        raise NeedsPermission(question.title, {k: v for k, v in facts.items() if v}, f"To allow it: {command} --yes")
    print(f"{question.title}\n{question.will}")
    for fact in question.facts:
        print(f"  {fact.label:<14} {'! ' if fact.level else ''}{fact.value}")
    if question.command:
        print(f"  {question.command}")
    if question.cannot_undo:
        print(question.cannot_undo)
    answer = input(f"{question.yes}? [y/N] ").strip().lower()
    return guard.permit(question, Answer.yes() if answer in ("y", "yes") else Answer.no())
