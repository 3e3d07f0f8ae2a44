"""Permits: only a person's yes to these very facts, once, for a while."""

import dataclasses

import pytest

from cockpit.domain.guard import (
    Answer,
    Consent,
    Fact,
    FactsChanged,
    Guard,
    Permit,
    PermitVoid,
    Question,
    Refused,
    Unrecorded,
)
from cockpit.domain.policy import Action, Policy

QUESTION = Question(
    action=Action.START, subject="gpt", title="Start gpt?", will="It starts.", facts=(Fact("device", "GPU 0, free"),),
    cannot_undo="Time is spent.", yes="Start",
)  # fmt: skip


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def record():
    return []


@pytest.fixture
def guard(clock, record):
    return Guard(clock, record.append, lifetime=300)


def told(record):
    return [(d.answer or d.outcome, d.detail) for d in record]


def test_a_yes_is_good_for_one_deed(guard):
    permit = guard.permit(QUESTION, Answer.yes())
    guard.spend(permit, QUESTION)
    with pytest.raises(PermitVoid, match="used"):
        guard.spend(permit, QUESTION)


def test_a_no_gives_no_permit(guard):
    with pytest.raises(Refused):
        guard.permit(QUESTION, Answer.no())


def test_changed_facts_void_it(guard):
    permit = guard.permit(QUESTION, Answer.yes())
    busy = dataclasses.replace(QUESTION, facts=(Fact("device", "GPU 0, shared with alice"),))
    with pytest.raises(FactsChanged):
        guard.spend(permit, busy)


def test_it_expires(guard, clock):
    permit = guard.permit(QUESTION, Answer.yes())
    clock.now = 301
    with pytest.raises(PermitVoid, match="expired"):
        guard.spend(permit, QUESTION)


def test_one_made_by_hand_or_by_another_guard_is_refused(guard, clock):
    forged = Permit(Action.START, QUESTION.digest, 1e9, "00", "00")
    with pytest.raises(PermitVoid, match="not given"):
        guard.spend(forged, QUESTION)
    foreign = Guard(clock, print).permit(QUESTION, Answer.yes())
    with pytest.raises(PermitVoid, match="not given"):
        guard.spend(foreign, QUESTION)


def test_high_stakes_want_the_name_typed(guard):
    question = dataclasses.replace(QUESTION, consent=Consent.TYPED)
    for answer in (Answer.yes(), Answer.typed("gtp")):
        with pytest.raises(Refused):
            guard.permit(question, answer)
    guard.spend(guard.permit(question, Answer.typed("gpt")), question)


def test_a_fact_that_moves_by_itself_voids_nothing(guard):
    moving = dataclasses.replace(QUESTION, facts=(Fact("steps unsaved", "310", moving=True),))
    permit = guard.permit(moving, Answer.yes())
    guard.spend(permit, dataclasses.replace(moving, facts=(Fact("steps unsaved", "311", moving=True),)))
    permit = guard.permit(moving, Answer.yes())
    with pytest.raises(FactsChanged):
        guard.spend(permit, dataclasses.replace(moving, facts=()))


def test_one_that_comes_to_mean_something_else_voids(guard):
    disk = dataclasses.replace(QUESTION, facts=(Fact("disk", "74 GiB free; 3 GiB at most", moving=True),))
    less = dataclasses.replace(disk, facts=(Fact("disk", "73 GiB free; 3 GiB at most", moving=True),))
    none = dataclasses.replace(disk, facts=(Fact("disk", "1 GiB free; 3 GiB at most", "bad", moving=True),))
    guard.spend(guard.permit(disk, Answer.yes()), less)
    with pytest.raises(FactsChanged):
        guard.spend(guard.permit(disk, Answer.yes()), none)


def test_every_answer_and_outcome_is_recorded_under_one_id(guard, record):
    with guard.spend(guard.permit(QUESTION, Answer.yes(how="--yes")), QUESTION):
        assert told(record) == [("yes", "")], "the yes is on record before the deed"
    failing = guard.permit(QUESTION, Answer.yes())
    with pytest.raises(OSError, match="full"), guard.spend(failing, QUESTION):
        raise OSError("full")
    with pytest.raises(PermitVoid):
        guard.spend(failing, QUESTION)
    assert told(record)[1:] == [
        ("done", ""), ("yes", ""), ("failed", "OSError: full"), ("void", "This permission was used already"),
    ]  # fmt: skip
    assert record[0].how == "--yes"
    assert record[0].id == record[1].id != record[2].id == record[3].id


def test_refusals_are_recorded(guard, record):
    typed = dataclasses.replace(QUESTION, consent=Consent.TYPED)
    for question, answer in ((QUESTION, Answer.no()), (typed, Answer.typed("gtp"))):
        with pytest.raises(Refused):
            guard.permit(question, answer)
    assert told(record) == [("no", ""), ("refused", "")]


def test_a_denied_action_is_refused_before_and_after_the_question(clock, record):
    guard = Guard(clock, record.append, lambda: Policy(denied=frozenset({Action.START})))
    with pytest.raises(Refused, match="denies start"):
        guard.check(QUESTION)
    with pytest.raises(Refused, match="denies start"):
        guard.permit(QUESTION, Answer.yes())
    assert told(record) == [("denied", "")] * 2
    guard.check(dataclasses.replace(QUESTION, action=Action.STOP))


def test_read_only_allows_nothing(clock, record):
    guard = Guard(clock, record.append, lambda: Policy(read_only=True))
    for action in Action:
        with pytest.raises(Refused, match="read-only"):
            guard.permit(dataclasses.replace(QUESTION, action=action), Answer.yes())
    assert not record, "a cockpit that only looks writes nothing"


def test_a_yes_that_cannot_be_recorded_allows_only_an_end(clock):
    def fail(decision):
        raise Unrecorded("disk full")

    guard = Guard(clock, fail)
    for action in set(Action) - {Action.STOP, Action.TERMINATE, Action.KILL}:
        with pytest.raises(Unrecorded):
            guard.permit(dataclasses.replace(QUESTION, action=action), Answer.yes())
    kill = dataclasses.replace(QUESTION, action=Action.KILL)
    with guard.spend(guard.permit(kill, Answer.yes()), kill):
        pass
    with pytest.raises(Refused):
        guard.permit(QUESTION, Answer.no())
