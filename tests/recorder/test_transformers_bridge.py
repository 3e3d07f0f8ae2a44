"""The recorder in transformers' Trainer: one real training, asked everything, stopped and resumed, looked at often."""

import math
from pathlib import Path

import pytest
from support.transformers_training import ACCUMULATED, STEPS_PER_EPOCH, VALIDATED_EVERY, Training

pytest.importorskip("transformers", reason="transformers is not installed: extra [finetune]")


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    """One that was asked everything, stopped, and resumed to its end."""
    training = Training(tmp_path_factory.mktemp("steered") / "2026-11-25T0100-gpt-1a2b")
    training.launch("--max_steps", "100000")
    try:
        training.beyond(VALIDATED_EVERY)
        training.ask("checkpoint", "checkpoint")
        training.ask("modify", "modify", {"max_epochs": 3})
        training.ask("early continue", "continue")
        training.ask("unknown", "frobnicate")
        training.ask("weights", "weights")
        training.ask("pause", "pause")
        training.ask("checkpoint while held", "checkpoint")
        training.ask("pause while held", "pause")
        training.ask("weights while held", "weights")
        training.held = training.state()
        training.ask("continue", "continue")
        training.beyond(training.held.step)
        training.ask("stop", "stop")
        training.wait()
        training.stopped = training.state()
        to = training.stopped.step + 30
        training.launch("--max_steps", str(to), "--resume_from_checkpoint", training.answers["stop"]["path"], attempt=2)
        training.wait()
    finally:
        training.process.kill()
    return training


def test_a_point_for_every_optimizer_step_over_both_attempts(training):
    state = training.state()
    assert list(training.losses()) == list(range(1, training.stopped.step + 31))
    assert (state.attempt, state.step, state.bad_records) == (2, training.stopped.step + 30, 0)
    assert [event["accumulate"] for event in training.events("fit_start")] == [ACCUMULATED] * 2


def test_the_loss_of_a_step_is_what_transformers_logs_on_average(training):
    losses, before, compared = training.losses(), 0, 0
    for entry in training.logged():
        if "loss" not in entry:
            continue
        if before < training.stopped.step < entry["step"]:
            before = training.stopped.step  # it counts from where it resumed
        known = [losses[step] for step in range(before + 1, entry["step"] + 1)]
        assert sum(known) / len(known) == pytest.approx(entry["loss"], rel=1e-3)
        before, compared = entry["step"], compared + 1
    assert compared > 3


def test_every_epoch_is_counted_over_both_attempts(training):
    state = training.state()
    assert (state.epoch, state.steps_per_epoch) == ((state.step - 1) // STEPS_PER_EPOCH, STEPS_PER_EPOCH)
    begun = [(event["epoch"], event["step"]) for event in training.events("epoch")]
    assert {(step // STEPS_PER_EPOCH, step) for step in range(0, state.step, STEPS_PER_EPOCH)} <= set(begun)
    assert (training.stopped.step // STEPS_PER_EPOCH, training.stopped.step) in begun


def test_its_evaluations_are_validations(training):
    told = {event["step"]: event["metrics"]["eval_loss"] for event in training.events("validation_end")}
    logged = {entry["step"]: entry["eval_loss"] for entry in training.logged() if "eval_loss" in entry}
    assert told == pytest.approx(logged)
    assert VALIDATED_EVERY in told
    assert len(training.events("validation_start")) == len(told)
    assert training.state().loss_val == pytest.approx(logged[max(logged)])


def test_every_checkpoint_is_listed_with_its_bytes_and_what_it_is_worth(training):
    told = training.events("checkpoint")
    assert {event["path"] for event in told} == {str(f) for f in training.run.root.glob("out/checkpoint-*")}
    for event in told:
        assert event["bytes"] == sum(f.stat().st_size for f in Path(event["path"]).rglob("*") if f.is_file()) > 0
        assert event["guarantee"] == "state only"
    assert {"requested", "stopped", "saved"} == {event["kind"] for event in told}


def test_a_requested_checkpoint_is_a_whole_folder(training):
    answer = training.answers["checkpoint"]
    assert (answer["ok"], answer["verified"]) == (True, True)
    names = {path.name for path in Path(answer["path"]).iterdir()}
    assert {"model.safetensors", "optimizer.pt", "scheduler.pt", "trainer_state.json"} <= names


def test_what_it_cannot_do_is_refused_in_words(training):
    modify, early = training.answers["modify"], training.answers["early continue"]
    assert (modify["ok"], modify["detail"]) == (
        False,
        "max_epochs cannot be changed in this training: it has none, or none that can be reached; nothing was changed",
    )
    assert (early["ok"], early["detail"]) == (False, "it is not paused")
    unknown = training.answers["unknown"]["detail"]
    assert unknown.endswith("cannot frobnicate; it knows checkpoint, stop, pause, continue, modify, weights")


def test_every_request_is_answered_once_over_both_attempts(training):
    answered = [event["request"] for event in training.events("ack")]
    assert len(answered) == len(set(answered)) == len(training.answers)


def test_how_far_a_step_moves_each_layer_is_measured_as_its_optimizer_sees_it(training):
    answer, (told,) = training.answers["weights"], training.events("weights")
    assert (answer["ok"], told["requests"], told["skipped"]) == (True, [answer["request"]], 0)
    layers = {layer["name"]: layer for layer in told["layers"]}
    assert {"transformer.wte.weight", "transformer.h.0.attn.c_attn.weight", "transformer.ln_f.bias"} <= set(layers)
    assert len(layers) == told["tensors"]
    assert all(layer["ratio"] > 0 for layer in layers.values() if layer["matrix"])
    assert 0 < math.hypot(*(layer["gradient"] for layer in layers.values())) < 1.001  # clipped to one
    assert sum(group["tensors"] for group in told["groups"]) == told["tensors"]
    held = training.answers["weights while held"]
    assert (held["ok"], held["detail"]) == (False, "it is paused and takes no step")


def test_a_pause_holds_until_it_is_told_to_go_on(training):
    pause, held = training.answers["pause"], training.held
    assert pause["detail"] == f"at step {held.step}"  # two looks later it has not trained on
    assert training.answers["checkpoint while held"]["path"] == pause["path"]
    assert training.answers["pause while held"]["detail"].startswith("it is paused already")
    assert training.answers["continue"]["ok"]


def test_a_stop_ends_it_behind_a_checkpoint(training):
    first, last = training.events("end")
    assert (first["reason"], first["step"]) == ("stopped", training.stopped.step)
    assert training.answers["stop"]["path"].endswith(f"checkpoint-{training.stopped.step}")
    assert (last["reason"], last["step"]) == ("finished", training.stopped.step + 30)
