"""Yes without the screen: options, a person at the terminal, and neither."""

from argparse import Namespace
from dataclasses import replace

import pytest

from cockpit.commands import consent as module
from cockpit.commands.consent import consent, with_consent
from cockpit.domain.guard import Consent, Fact, FactsChanged, Guard, Question, Refused
from cockpit.domain.policy import Action, Policy
from cockpit.errors import NeedsPermission

LIGHT = Question(Action.START, "gpt", "Start gpt?", "It starts.", (Fact("takes", "3m"),), "Time.", "Start")
TYPED = replace(LIGHT, consent=Consent.TYPED)


def options(*allow, yes=False, typed=("start", "gpt"), **others):
    return Namespace(yes=yes, allow=list(allow), typed=list(typed), command="start", **others)


@pytest.fixture
def record():
    return []


@pytest.fixture
def guard(record):
    return Guard(lambda: 0.0, record.append)


@pytest.fixture
def person(monkeypatch):
    """A person who gives these answers, one after the other."""

    def sit_down(*answers):
        waiting = iter(answers)

        def read(prompt):
            answer = next(waiting)
            if answer is None:
                raise EOFError
            return answer

        monkeypatch.setattr(module, "person_here", lambda: True)
        monkeypatch.setattr("builtins.input", read)

    monkeypatch.setattr(module, "person_here", lambda: False)
    return sit_down


def test_yes_is_enough_for_what_is_light(guard, record, person):
    assert consent(guard, LIGHT, options(yes=True))
    with pytest.raises(NeedsPermission) as caught:
        consent(guard, TYPED, options(yes=True))
    assert caught.value.facts["needs"] == "--allow start"
    assert caught.value.facts["takes"] == "3m"
    assert caught.value.hint.endswith("cockpit start gpt --allow start")
    assert [(d.answer, d.how) for d in record] == [("yes", "--yes"), ("unanswered", "")]


@pytest.mark.parametrize(
    ("typed", "command", "run", "told"),
    [
        (["start", "gpt", "--set", "model.lr=0.1"], "start", "", "start gpt --set model.lr=0.1 --allow start"),
        (["stop", "latest", "--kill"], "stop", "2026-gpt-7f3a", "stop 2026-gpt-7f3a --kill --allow start"),
        (["--project", "stop", "stop", "stop"], "stop", "7f3a", "--project stop stop 7f3a --allow start"),
        (["run", "--name", "a b", "--", "python", "run"], "run", "",
         "run --allow start --name 'a b' -- python run"),
    ],
)  # fmt: skip
def test_what_is_told_to_allow_it_is_what_was_typed_and_no_less(guard, person, typed, command, run, told):
    arguments = options(typed=typed, run="latest" if "latest" in typed else "stop")
    arguments.command = command
    with pytest.raises(NeedsPermission) as caught:
        consent(guard, TYPED, arguments, run)
    assert caught.value.hint == f"To allow it: cockpit {told}"


def test_allow_covers_the_action_it_names_and_no_other(guard, record, person):
    for question in (LIGHT, TYPED):
        assert consent(guard, question, options("start"))
        with pytest.raises(NeedsPermission):
            consent(guard, question, options("delete"))
    assert [d.how for d in record if d.answer == "yes"] == ["--allow start"] * 2


def test_without_anything_the_facts_are_told_and_that_nobody_answered_is_on_record(guard, record, person):
    with pytest.raises(NeedsPermission) as caught:
        consent(guard, LIGHT, options())
    assert caught.value.exit_code == 3
    assert caught.value.facts["needs"] == "--yes"
    assert [(d.answer, d.outcome) for d in record] == [("unanswered", "")]


@pytest.mark.parametrize("answer", ["y", "Yes"])
def test_a_person_says_yes(guard, person, answer):
    person(answer)
    assert consent(guard, LIGHT, options())


@pytest.mark.parametrize("answer", ["", "n", "gpt", None])
def test_anything_else_is_no(guard, record, person, answer):
    person(answer)
    with pytest.raises(Refused):
        consent(guard, LIGHT, options())
    assert record[0].answer == "no"


def test_high_stakes_are_typed(guard, record, person, capsys):
    person("gpt")
    assert consent(guard, TYPED, options(yes=True))
    assert "takes" in capsys.readouterr().out
    for word, answer in (("y", "refused"), ("", "no"), (None, "no")):
        person(word)
        with pytest.raises(Refused):
            consent(guard, TYPED, options())
        assert record[-1].answer == answer


def test_a_denied_action_is_not_even_asked(record, person):
    person()
    guard = Guard(lambda: 0.0, record.append, lambda: Policy(denied=frozenset({Action.START})))
    with pytest.raises(Refused, match="denies"):
        consent(guard, LIGHT, options("start", yes=True))


def test_where_the_facts_change_a_person_is_asked_again(guard, record, person):
    moments = iter([LIGHT, replace(LIGHT, facts=(Fact("takes", "3 days", "warn"),))])
    now = replace(LIGHT, facts=(Fact("takes", "3 days", "warn"),))
    person("y", "y")

    def deed(planned, permit):
        with guard.spend(permit, now):
            return "done"

    assert with_consent(guard, lambda: (None, next(moments)), deed, options()) == "done"
    assert [d.answer or d.outcome for d in record] == ["yes", "void", "yes", "done"]


def test_an_option_agrees_to_the_facts_once_only(guard, person):
    now = replace(LIGHT, facts=())
    with pytest.raises(FactsChanged):
        with_consent(guard, lambda: (None, LIGHT), lambda _, permit: guard.spend(permit, now), options(yes=True))
