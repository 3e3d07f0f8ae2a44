"""Permits: only a person's yes to these very facts, once, for a while."""

import dataclasses

import pytest

from cockpit.domain.guard import Action, Answer, Consent, Fact, Guard, Permit, PermitVoid, Question, Refused

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
def guard(clock):
    return Guard(clock, lifetime=300)


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
    with pytest.raises(PermitVoid, match="changed"):
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
    foreign = Guard(clock).permit(QUESTION, Answer.yes())
    with pytest.raises(PermitVoid, match="not given"):
        guard.spend(foreign, QUESTION)


def test_high_stakes_want_the_name_typed(guard):
    question = dataclasses.replace(QUESTION, consent=Consent.TYPED)
    for answer in (Answer.yes(), Answer.typed("gtp")):
        with pytest.raises(Refused):
            guard.permit(question, answer)
    guard.spend(guard.permit(question, Answer.typed("gpt")), question)
