"""Hyperparameters of a real training change at a step, in every process, and stay changed through a resume."""

import signal

import pytest
from recorder.test_exact_resume import environment, free_port, steps_of
from support.fits import Fit, recorded
from support.processes import wait_until
from support.tiny import Options, train

from cockpit.runs import requests
from cockpit.runs.reader import RunReader

pytestmark = pytest.mark.slow
HALF = ({"lr": "x0.5"},)


def rates(fit):
    """Learning rates of both parameter groups after each step."""
    lines = [line.split() for line in fit.text().splitlines() if line.startswith("rates")]
    return {int(step): [float(rate) for rate in values] for _, step, *values in lines}


def answers(events):
    return [(event["ok"], event["detail"]) for event in events("ack")]


@pytest.mark.parametrize("schedule", [None, "cosine", "lambda", "one-cycle", "warm-up"])
def test_a_scaled_rate_scales_the_rest_of_every_schedule(fit, schedule, tmp_path):
    whole = fit(epochs=1, schedule=schedule)
    whole.wait()
    usual = rates(whole)
    whole.output.unlink()
    assert fit(epochs=1, schedule=schedule, ask_at=5, ask=HALF).wait() == 0
    after = rates(whole)
    assert {step: after[step] for step in range(1, 6)} == {step: usual[step] for step in range(1, 6)}
    for step in range(6, 13):
        assert after[step] == pytest.approx([rate / 2 for rate in usual[step]], rel=1e-9)


def test_a_rate_is_that_of_the_first_group_and_the_others_keep_their_ratio(fit, events):
    fit(epochs=1, ask_at=5, ask=({"lr": 1e-3},)).wait()
    (told,) = events("hyperparameters")
    assert (told["old"]["lr"], told["hyperparameters"]["lr"], told["step"]) == (1e-2, 1e-3, 5)
    assert answers(events) == [(True, "at step 5: lr 0.01 → 0.001")]


def test_the_checkpoint_comes_first_and_the_truth_is_read_back(fit, run, events):
    asked = fit(epochs=2, patience=90, ask_at=5, ask=(
        {"max_epochs": 3, "gradient_clip_val": 0.5}, {"patience": 40, "log_every_n_steps": 7}))  # fmt: skip
    asked.wait()
    assert "weights_only" not in asked.text()  # a save of ours has nothing to remark on in their log
    told = [e["event"] for e in events("checkpoint", "hyperparameters", "ack") if e.get("step", 5) == 5]
    assert told == ["checkpoint", "hyperparameters", "ack", "hyperparameters", "ack"]
    state = RunReader(run).poll()
    assert state.hyperparameters == {
        "lr": 0.01, "max_steps": None, "max_epochs": 3, "gradient_clip_val": 0.5, "patience": 40,
        "log_every_n_steps": 7,
    }  # fmt: skip
    assert state.step == state.steps_total == 36
    assert [mark.text for mark in state.marks] == [
        "max_epochs 2 → 3, gradient_clip_val off → 0.5", "patience 90 → 40, log_every_n_steps 50 → 7",
    ]  # fmt: skip
    assert {(mark.step, mark.kind, mark.by) for mark in state.marks} == {(5, "change", requests.me())}


def test_patience_and_length_end_it_when_they_say(fit, events):
    fit(epochs=9, patience=90, ask_at=5, ask=({"patience": 3},)).wait()
    assert [event["step"] for event in events("end")] == [24]


def test_a_length_that_grew_is_trained_to_its_end(fit, run):
    fit(epochs=1, ask_at=12, ask=({"max_epochs": 2},)).wait()
    assert RunReader(run).poll().step == 24


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"max_steps": 5}, "step 5 is reached already"),
        ({"lr": -1.0}, "too small"),
        ({"lr": "x0"}, "no factor"),
        ({"patience": 3}, "it has none"),
        ({"weight_decay": 0.1}, "cannot be changed"),
        ({"max_epochs": True}, "no whole number"),
        ({}, "nothing is to be changed"),
        ({"max_epochs": 4}, "raises an error beyond it"),
        ({"lr": 1e-3, "max_steps": 2}, "reached already"),
    ],
)
def test_a_bad_value_changes_nothing_and_saves_nothing(fit, events, values, why):
    assert fit(epochs=1, save_every=100, schedule="one-cycle", ask_at=5, ask=(values,)).wait() == 0
    ((ok, detail),) = answers(events)
    assert (ok, why in detail) == (False, True), detail
    assert not events("hyperparameters", "checkpoint")
    assert [event["step"] for event in events("end")] == [12]


def test_a_request_of_an_earlier_attempt_is_not_applied(fit, run, events):
    requests.send(run, "modify", {"lr": "x0.5"})
    fit(epochs=1, ask_at=3, ask=({"log_every_n_steps": 5},)).wait()
    assert answers(events)[0] == (False, "sent before this attempt began")
    assert [list(event["changes"]) for event in events("hyperparameters")] == [[answer_id(events, 1)]]


def answer_id(events, index):
    return events("ack")[index]["request"]


CHANGES = (
    {"lr": "x0.5", "gradient_clip_val": 0.05, "max_epochs": 4, "log_every_n_steps": 3, "patience": 50},
    {"lr": "x0.8"},
)


@pytest.mark.parametrize("schedule", ["cosine", "lambda"])
def test_a_resume_after_the_change_is_the_uninterrupted_run_bit_by_bit(fit, run, events, schedule):
    kind = {"epochs": 2, "schedule": schedule, "patience": 99, "ask_at": 9, "ask": CHANGES}
    whole = fit(**kind)
    assert whole.wait() == 0
    losses, speeds = steps_of(whole), rates(whole)
    assert len(speeds) == 48
    for made in (*run.root.glob("*.*"), *run.checkpoints.iterdir(), *run.requests.iterdir()):
        made.unlink()
    torn = fit(**kind, die_at=30)
    assert torn.wait() == -signal.SIGKILL
    assert steps_of(torn) == {step: loss for step, loss in losses.items() if step != "hash" and int(step) <= 30}
    torn.output.unlink()
    again = fit(attempt=2, resume=run.checkpoints / "step=28.ckpt", **kind | {"ask_at": None})
    assert again.wait() == 0
    after = steps_of(again)
    assert min(int(step) for step in after if step != "hash") == 29
    assert after == {step: losses[step] for step in after}
    assert rates(again) == {step: speeds[step] for step in rates(again)}
    state = RunReader(run).poll()
    assert state.hyperparameters["max_epochs"] == 4
    assert state.step == state.steps_total == 48
    assert all(mark.in_force for mark in state.marks)


def test_a_resume_at_the_old_end_goes_on_to_the_new_one(fit, run):
    assert fit(epochs=1, save_every=12, ask_at=5, ask=({"max_epochs": 2},), die_at=13).wait() == -signal.SIGKILL
    assert fit(attempt=2, epochs=1, resume=run.checkpoints / "step=12.ckpt").wait() == 0
    assert RunReader(run).poll().step == 24


def test_a_resume_from_before_the_change_leaves_it_behind(fit, run, events):
    fit(epochs=2, ask_at=9, ask=({"max_epochs": 3, "lr": "x0.5"},), die_at=20).wait()
    saved = {event["step"]: len(event["changes"]) for event in events("checkpoint")}
    assert saved == {4: 0, 8: 0, 9: 0, 12: 1, 16: 1}
    path = next(event["path"] for event in events("checkpoint") if event["step"] == 9)
    assert fit(attempt=2, epochs=2, resume=run.root / path).wait() == 0
    state = RunReader(run).poll()
    assert (state.step, state.hyperparameters["lr"]) == (24, 0.01)
    assert [mark.in_force for mark in state.marks] == [False]


def test_two_processes_change_at_the_same_step(run, events):
    options = Options(run.root, epochs=2, processes=2, ask_at=5, ask=({"lr": "x0.5", "max_epochs": 1}, {"lr": -1}))
    port = free_port()
    fits = [recorded(run, train, options, **environment(rank, 2, port)) for rank in range(2)]
    for rank, each in enumerate(fits):
        each.output = run.root / f"{rank}.txt"
    assert Fit.wait_for_all(fits) == [0, 0]
    assert [ok for ok, _ in answers(events)] == [True, False]
    assert [event["step"] for event in events("end")] == [6]
    lines = [line.split() for line in run.output.read_text().splitlines() if line.startswith("rates")]
    seen = sorted((int(step), float(first)) for _, step, first, _ in lines)
    assert seen == sorted([(step, 1e-2 if step <= 5 else 5e-3) for step in range(1, 7)] * 2)


def test_a_paused_training_is_changed_where_it_stands(fit, run, events):
    training = fit(epochs=4, pace=0.05)
    wait_until(lambda: events("fit_start"), "the first step")
    for count, (verb, values) in enumerate([("pause", None), ("modify", {"lr": "x0.5"}), ("continue", None)], 1):
        requests.send(run, verb, values)
        wait_until(lambda count=count: len(events("ack")) == count, training.text)
    assert training.wait() == 0
    assert [ok for ok, _ in answers(events)] == [True, True, True]
    (told,) = events("hyperparameters")
    assert f"at step {told['step']}" in answers(events)[0][1]
    assert rates(training)[told["step"] + 1][0] == 5e-3


def test_without_a_checkpoint_nothing_is_changed(fit, run, events):
    (run.checkpoints / "requested-epoch=0-step=5.ckpt" / "in the way").mkdir(parents=True)
    assert fit(epochs=1, ask_at=5, ask=HALF).wait() == 0
    ((ok, detail),) = answers(events)
    assert (ok, detail.startswith("no checkpoint"), "nothing was changed" in detail) == (False, True, True)
    assert not events("hyperparameters")
