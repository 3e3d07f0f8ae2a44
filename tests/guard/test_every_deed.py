"""Every function that does a dangerous thing: with a good permit it does it, with any other it does nothing."""

import importlib
import inspect
import pkgutil
import time
from dataclasses import replace

import pytest
from support.deeds import CASES

from cockpit import actions
from cockpit.actions.permission import audit_path
from cockpit.domain.guard import Answer, Guard, Permit, PermitVoid
from cockpit.runs.audit import AuditLog


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture(params=CASES)
def case(request, place):
    return CASES[request.param](place)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def guard(place, clock):
    return Guard(clock, AuditLog(audit_path(place.project), "test", str).record, lifetime=300)


def agreed(guard, question):
    return guard.permit(question, Answer.typed(question.subject))


def refused(place, deed, permit, guard):
    """It raises, records that, and nothing has happened."""
    before = [str(effect) for effect in place.effects]
    with pytest.raises(PermitVoid):
        deed(permit, guard)
    done = [effect for effect in place.effects if str(effect) not in before]
    assert done == []
    assert place.entries()[-1]["outcome"] in ("void", "failed")


def signatures():
    """Every public function of the actions, by module and name."""
    for module in pkgutil.iter_modules(actions.__path__):
        loaded = importlib.import_module(f"cockpit.actions.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if function.__module__ == loaded.__name__ and not name.startswith("_"):
                yield f"{module.name}.{name}", inspect.signature(function)


def test_every_function_that_takes_a_permit_is_tested_here():
    taking = {name for name, signature in signatures() if "Permit" in str(signature)}
    spends_for_others = {"begin.begin", "keys.spending"}  # what start.start and script.run_script end in
    assert taking - spends_for_others == {name.partition(",")[0] for name in CASES}


def test_a_permit_for_its_facts_does_it(place, case, guard):
    case.do(agreed(guard, case.question), guard)
    assert place.effects
    assert place.entries()[-1]["outcome"] == "done"
    launched = [effect for effect in place.effects if "watched" in getattr(effect, "detail", {})]
    assert all(effect.detail["watched"] for effect in launched), "the tripwire is in every run"


def test_a_forged_one_does_nothing(place, case, guard, clock):
    question = case.question
    refused(place, case.do, Permit(question.action, question.digest, clock.now + 9, "0" * 16, "0" * 64), guard)


def test_one_of_another_guard_does_nothing(place, case, guard):
    foreign = Guard(time.monotonic, lambda decision: None)
    refused(place, case.do, agreed(foreign, case.question), guard)


@pytest.mark.parametrize("changes", [{"expires": 1e9}, {"digest": "f" * 64}], ids=["life", "digest"])
def test_one_that_was_written_over_does_nothing(place, case, guard, changes):
    good = agreed(guard, case.question)
    values = {name: getattr(good, name) for name in Permit.__slots__} | changes
    refused(place, case.do, Permit(**values), guard)


def test_one_that_was_used_does_nothing(place, case, guard):
    permit = agreed(guard, case.question)
    guard.spend(permit, case.question)
    refused(place, case.do, permit, guard)


def test_one_that_has_expired_does_nothing(place, case, guard, clock):
    permit = agreed(guard, case.question)
    clock.now += 301
    refused(place, case.do, permit, guard)


def test_one_for_facts_that_have_changed_does_nothing(place, case, guard):
    permit = agreed(guard, case.question)
    case.change()
    refused(place, case.do, permit, guard)


def test_one_for_another_deed_does_nothing(place, case, guard):
    refused(place, case.do, agreed(guard, replace(case.question, command="rm -r /")), guard)
