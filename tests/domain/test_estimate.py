"""What follows from a dry run: the cost of a whole run, in which range, and how it is told."""

import json
from dataclasses import asdict, replace

import pytest

from cockpit.domain.estimate import (
    SCHEMA,
    Measurement,
    Misfit,
    Price,
    Room,
    Saver,
    cost_facts,
    cost_of,
    measurement_of,
    misfit_facts,
)  # fmt: skip
from cockpit.domain.guard import Consent
from cockpit.domain.stakes import Stakes, Thresholds, consent_for

GIB = 2**30
CPU = Measurement(
    measured=1e9, device="cpu", world_size=1, precision="32-true", parameters=7, steps_total=1000, validate_every=100,
    step_seconds=(0.1,) * 20, validation_batches=10, validation_batch_seconds=0.5, checkpoint_seconds=1.0,
    checkpoint_bytes=100, savers=(Saver(500, 1), Saver(None, 3)), max_seconds=None, early_stopping=False,
    host_peak=3 * GIB, gpu_peak=None, gpu_total=None, watts=None,
)  # fmt: skip
GPUS = replace(CPU, device="cuda:0 H100", world_size=4, gpu_peak=40 * GIB, gpu_total=80 * GIB, watts=2000.0)
PRICE = Price(2.5, "EUR")


def facts(measured, price=PRICE, room=Room(), code=""):  # noqa: B008 - it is frozen
    return {fact.label: fact for fact in cost_facts(measured, cost_of(measured), price, room, code)}


def test_steps_validations_and_saves_add_up():
    cost = cost_of(CPU)
    assert (cost.validations, cost.saves) == (10, 12)  # every 500 steps, and with each validation
    assert cost.seconds == pytest.approx((1000 * 0.1 + 10 * 10 * 0.5 + 12 * 1.0,) * 3)
    assert cost.disk == (1 + 3 + 1) * 100  # what is kept, and one more while it is written


def test_only_what_is_left_counts_after_a_resume():
    cost = cost_of(CPU, done=550)
    assert (cost.validations, cost.saves) == (5, 6)
    assert cost.seconds[1] == pytest.approx(450 * 0.1 + 5 * 5 + 6)
    assert cost_of(CPU, done=2000).seconds[1] == pytest.approx(1)  # the last validation's save


def test_one_slow_step_in_every_few_is_part_of_the_pace():
    uneven = replace(CPU, step_seconds=(0.1, 0.1, 0.1, 0.5) * 5, validation_batches=0, savers=())
    low, likely, high = cost_of(uneven).seconds
    assert likely == pytest.approx(200)
    assert low <= likely <= high
    assert low == pytest.approx(100)


def test_few_steps_have_their_extremes_for_a_range():
    few = replace(CPU, step_seconds=(0.1, 0.3), validation_batches=0, savers=())
    assert cost_of(few).seconds == pytest.approx((100, 200, 300))


def test_a_time_limit_caps_everything():
    assert cost_of(replace(CPU, max_seconds=60.0)).seconds == (60.0,) * 3


def test_without_an_end_nothing_is_extrapolated():
    endless = replace(CPU, steps_total=None)
    assert cost_of(endless).seconds is None
    assert facts(endless)["takes"].value.startswith("without end")


@pytest.mark.parametrize(
    ("saver", "saves", "kept"),
    [(Saver(500, 0), 0, 0), (Saver(100, None), 10, 10), (Saver(None, 2), 10, 2), (Saver(100, 3), 10, 3)],
)
def test_what_a_saver_keeps(saver, saves, kept):
    cost = cost_of(replace(CPU, savers=(saver,)))
    assert (cost.saves, cost.disk) == (saves, (kept + 1) * 100)


def test_a_cpu_costs_time_and_memory_alone():
    told = facts(CPU, room=Room(8 * GIB))
    assert told["takes"].value == "about 3m"
    assert "costs" not in told
    assert told["memory"].value == "it fits: 3.0 GiB of host memory"
    assert "20 steps of 100 ms on cpu" in told["measured"].value


def test_gpus_cost_hours_money_and_energy():
    value = facts(replace(GPUS, step_seconds=(36.0,) * 20, validation_batches=0, savers=()))["costs"].value
    assert value == "40.00 GPU-hours, 100.00 EUR, 20.00 kWh at 2000 W"
    assert "no price is set" in facts(GPUS, Price(None, "USD"))["costs"].value
    assert "energy not known" in facts(replace(GPUS, watts=None))["costs"].value


def test_early_stopping_may_end_it_sooner():
    assert facts(replace(CPU, early_stopping=True))["takes"].value.startswith("at most ")


@pytest.mark.parametrize(
    ("changes", "room", "level", "words"),
    [
        ({}, Room(8 * GIB, 60 * GIB), "", "it fits: 40.0/80.0 GiB"),
        ({"gpu_peak": 78 * GIB}, Room(8 * GIB, 80 * GIB), "warn", "it fits, barely"),
        ({}, Room(8 * GIB, 20 * GIB), "bad", "does not fit now"),
        ({}, Room(1 * GIB, 60 * GIB), "bad", "does not fit now"),
        ({}, Room(), "", "whether that much is free now is not known"),
        ({}, Room(8 * GIB), "", "is not known"),
        ({"host_peak": None}, Room(8 * GIB, 60 * GIB), "", "is not known"),
    ],
)
def test_whether_it_fits(changes, room, level, words):
    fact = facts(replace(GPUS, **changes), room=room)["memory"]
    assert fact.level == level
    assert words in fact.value


def test_other_code_than_was_measured_is_told():
    measured = replace(CPU, code="abc")
    assert facts(measured, code="abc")["measured"].level == ""
    assert facts(measured, code="")["measured"].level == ""
    assert facts(measured, code="abc+1")["measured"].level == "warn"


def test_out_of_memory_is_a_fact():
    told = {fact.label: fact for fact in misfit_facts(Misfit(1e9, "OutOfMemoryError: 9 GiB\x1b[2J"))}
    assert told["memory"].level == "bad"
    assert "OutOfMemoryError: 9 GiB\\x1b" in told["memory"].value


def test_a_measurement_survives_its_file():
    assert measurement_of(json.loads(json.dumps({"schema": SCHEMA, **asdict(GPUS)}))) == GPUS
    with pytest.raises(ValueError):
        measurement_of({"schema": SCHEMA + 1})
    with pytest.raises(KeyError):
        measurement_of({"schema": SCHEMA})


@pytest.mark.parametrize(
    ("stakes", "unmeasured", "consent"),
    [
        (Stakes(600, 1), Consent.TYPED, Consent.LIGHT),
        (Stakes(601, 1), Consent.LIGHT, Consent.TYPED),
        (Stakes(10, 2), Consent.LIGHT, Consent.TYPED),
        (Stakes(float("inf")), Consent.LIGHT, Consent.TYPED),
        (Stakes(None), Consent.TYPED, Consent.TYPED),
        (Stakes(None), Consent.LIGHT, Consent.LIGHT),
        (Stakes(None, 8), Consent.LIGHT, Consent.TYPED),
    ],
)
def test_consent_grows_with_the_stakes(stakes, unmeasured, consent):
    assert consent_for(stakes, Thresholds(10, 1, unmeasured)) is consent
