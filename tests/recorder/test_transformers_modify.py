"""A real training of transformers' Trainer is changed at a step, in every process, and stays so through a resume."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.fits import DEADLINE
from support.processes import wait_until
from support.transformers_training import ACCUMULATED, STARTUP, Training

from cockpit.runs import requests
from cockpit.runs.layout import ENV_ATTEMPT, ENV_RUN_DIR

pytest.importorskip("transformers", reason="transformers is not installed: extra [finetune]")

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).parent.parent / "support" / "foreign" / "changed_transformers.py"
LENGTH, EPOCH, RATE = 40, 400 // 2 // ACCUMULATED, 5e-5  # steps; steps; at the first of them
CHANGES = (
    {"lr": "x0.5", "max_grad_norm": 0.05, "max_steps": 36, "patience": 50, "logging_steps": 3, "eval_steps": 6,
     "save_steps": 7},
    {"lr": "x0.8"},
)  # fmt: skip
CHANGED = {"max_grad_norm": 0.05, "max_steps": 36, "patience": 50, "logging_steps": 3, "eval_steps": 6, "save_steps": 7}


class Planned(Training):
    """One that asks for changes of itself at steps that a plan names."""

    def launch(self, *words, attempt=1, processes=1, **plan):
        around = os.environ | {ENV_RUN_DIR: str(self.run.root), ENV_ATTEMPT: str(attempt), "PYTHONPATH": str(STARTUP)}
        around |= {"OMP_NUM_THREADS": "1", "PLAN": json.dumps(plan)}
        launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes))
        arguments = (
            "--output_dir", "out", "--max_steps", str(LENGTH), "--gradient_accumulation_steps", str(ACCUMULATED),
            "--logging_steps", "10", "--eval_strategy", "steps", "--eval_steps", "20", "--save_steps", "10",
            "--metric_for_best_model", "loss", "--report_to", "none", "--use_cpu", "true", "--disable_tqdm", "true",
            "--per_device_train_batch_size", "2", *(("--ddp_backend", "gloo") if processes > 1 else ()),
        )  # fmt: skip
        with self.run.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *(launcher if processes > 1 else ()), str(SCRIPT), *arguments, *words],
                env=around, cwd=self.run.root, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def rates(self):
        """Of the first group after each step, as often as it was told; the last attempt last."""
        lines = [line.split() for line in self.run.output.read_text().splitlines() if line.startswith("rates")]
        return [(int(step), float(first)) for _, step, first, *_ in lines]

    def told(self):
        return [(event["ok"], event["detail"]) for event in self.events("ack")]

    def saved(self, step):
        return next(event["path"] for event in self.events("checkpoint") if event["step"] == step)


@pytest.fixture
def make(tmp_path):
    made = []

    def planned(name="changed"):
        made.append(Planned(tmp_path / f"2026-11-25T0100-{name}-1a2b"))
        return made[-1]

    yield planned
    for training in made:
        if training.process.poll() is None:
            training.process.kill()


def expected(step):
    """The rate at the end of a step, before what is saved and changed there: a line to the old end, in proportion."""
    return RATE * (LENGTH - step) / LENGTH * (1.0 if step <= 9 else 0.4)


def test_a_killed_training_goes_on_with_the_change_from_a_later_checkpoint_and_without_it_from_an_earlier(make):
    plan = {"ask": {9: CHANGES}, "stop_early": 90}
    whole = make("whole")
    whole.launch(**plan)
    torn = make("torn")
    torn.launch(**plan, die=30)
    whole.wait()
    assert torn.process.wait(DEADLINE) == -signal.SIGKILL

    state = whole.state()
    assert state.step == state.steps_total == 36
    assert {name: state.hyperparameters[name] for name in CHANGED} == CHANGED
    assert (state.epochs_total, state.steps_longest, state.schedules) == (1, EPOCH, ("LambdaLR",))
    assert whole.rates() == [(step, pytest.approx(expected(step))) for step in range(1, 37)]
    assert [event["step"] for event in whole.events("validation_end")] == [12, 18, 24, 30, 36]
    assert [event["step"] for event in whole.events("checkpoint")] == [9, 14, 21, 28, 35, 36]
    first = whole.events("hyperparameters")[0]
    assert (first["old"]["lr"], first["hyperparameters"]["lr"]) == pytest.approx((RATE * 31 / 40, RATE * 31 / 80))
    assert (first["validate_every"], first["checkpoint_every"], first["steps_total"]) == (6, 7, 36)
    assert [(mark.step, mark.kind, mark.by) for mark in state.marks] == [(9, "change", requests.me())] * 2
    assert "max_grad_norm 1 → 0.05" in state.marks[0].text
    assert whole.told()[0][1].startswith("at step 9: lr 3.875e-05 → 1.93")
    assert ", max_steps 40 → 36, max_grad_norm 1 → 0.05, patience 90 → 50, " in whole.told()[0][1]
    logged = [entry["step"] for entry in whole.logged() if "grad_norm" in entry]
    assert logged == [12, 15, 18, 21, 24, 27, 30, 33, 36]

    losses, rates = whole.losses(), dict(whole.rates())
    assert len(torn.losses()) > 9
    assert torn.losses().items() <= losses.items()
    assert [len(event["changes"]) for event in torn.events("checkpoint")] == [0, 2, 2, 2]
    torn.launch("--resume_from_checkpoint", torn.saved(21), attempt=2, stop_early=90)
    torn.wait()
    again = torn.state()
    assert again.step == again.steps_total == 36
    assert {name: again.hyperparameters[name] for name in CHANGED} == CHANGED
    assert all(mark.in_force for mark in again.marks)
    assert torn.losses() == pytest.approx(losses)
    assert dict(torn.rates()[29:]) == pytest.approx({step: rates[step] for step in range(22, 37)})
    assert [event["step"] for event in torn.events("validation_end")] == [12, 18, 24, 24, 30, 36]
    assert [len(event["changes"]) for event in torn.events("checkpoint")] == [0, 2, 2, 2, 2, 2, 2]

    torn.launch("--resume_from_checkpoint", torn.saved(9), attempt=3, stop_early=90)
    torn.wait()
    without = torn.state()
    assert (without.step, without.hyperparameters["max_grad_norm"], without.hyperparameters["patience"]) == (
        40,
        1.0,
        90,
    )
    assert dict(torn.rates()[-31:]) == pytest.approx({s: RATE * (LENGTH - s) / LENGTH for s in range(10, 41)})
    assert [mark.in_force for mark in without.marks] == [False, False]
    assert torn.events("checkpoint")[-1]["changes"] == []
    assert not torn.events("recorder_failed")

    whole.launch("--resume_from_checkpoint", whole.saved(36), attempt=2, stop_early=90)
    whole.wait()
    assert whole.state().step == 37  # its loop takes a step before it looks whether it is at its end


REFUSED = (
    ({"lr": -1.0}, "too small"),
    ({"max_steps": 9}, "step 9 is reached already"),
    ({"max_steps": EPOCH + 1}, f"epochs that end at step {EPOCH}, and goes no further"),
    ({"max_epochs": 3}, "it has none, or none that can be reached"),
    ({"patience": 3}, "it has none, or none that can be reached"),
    ({"gradient_clip_val": 0.5}, "it has none, or none that can be reached"),
    ({"weight_decay": 0.1}, "cannot be changed"),
    ({"save_steps": True}, "no whole number"),
    ({"lr": 1e-5, "save_steps": 30}, "save_steps to be a multiple of eval_steps"),
    ({}, "nothing is to be changed"),
)


def test_what_cannot_be_is_refused_and_a_longer_training_ends_where_its_loop_can(make):
    training = make()
    asked = {9: [values for values, _ in REFUSED], 15: [{"lr": "x0.5"}], 25: [{"max_steps": 46}]}
    training.launch("--load_best_model_at_end", "true", "--save_steps", "20", ask=asked, torn=15)
    training.wait()
    told = training.told()
    assert [ok for ok, _ in told] == [False] * 11 + [True]
    for (_, why), (_, detail) in zip(REFUSED, told, strict=False):
        assert why in detail
        assert detail.endswith("nothing was changed")
    assert told[10][1] == "no checkpoint (torn); nothing was changed"
    assert [event["step"] for event in training.events("checkpoint")] == [20, 25, 40, 46]
    assert [event["step"] for event in training.events("hyperparameters")] == [25]
    usual = {step: RATE * max(0, LENGTH - step) / LENGTH for step in range(1, 47)}  # to zero where it was to end
    assert dict(training.rates()) == pytest.approx(usual)
    state = training.state()
    assert (state.step, state.steps_total) == (46, 46)


def test_a_shorter_patience_ends_it_and_a_change_of_the_last_step_comes_too_late(make):
    training = make()
    training.launch("--eval_steps", "5", ask={9: [{"patience": 2}], 15: [{"lr": "x0.5"}]}, stop_early=90)
    training.wait()
    assert [event["step"] for event in training.events("end")] == [15]
    assert training.told() == [
        (True, "at step 9: patience 90 → 2"),
        (False, "it ends at this step; nothing was changed"),
    ]


def test_the_epochs_own_save_does_not_replace_the_checkpoint_of_before(make):
    training = make()
    words = ("--save_strategy", "epoch", "--max_steps", str(EPOCH + 3))
    training.launch(*words, ask={EPOCH: [{"lr": "x0.5"}]})
    training.wait()
    assert [(event["step"], event["changes"]) for event in training.events("checkpoint")][:2] == [
        (EPOCH, []), (EPOCH + 1, []),
    ]  # fmt: skip
    assert [event["step"] for event in training.events("hyperparameters")] == [EPOCH + 1]


def test_two_processes_change_at_the_same_step(make):
    training = make()
    training.launch(processes=2, ask={5: [{"lr": "x0.5", "max_steps": 12}, {"lr": -1}], 7: [{"lr": "x0.5"}]}, torn=7)
    training.wait()
    assert [ok for ok, _ in training.told()] == [False, True, False]  # what is refused waits for no checkpoint
    assert [event["step"] for event in training.events("end")] == [12]
    rate = lambda step: RATE * (LENGTH - step) / LENGTH * (1 if step <= 5 else 0.5)  # noqa: E731
    assert sorted(training.rates()) == [(s, pytest.approx(rate(s))) for s in range(1, 13) for _ in range(2)]


def test_a_paused_training_is_changed_where_it_stands_and_says_what_its_checkpoint_lacks(make):
    training = make()
    training.launch(pause=6)
    wait_until(lambda: training.events("ack"), "the pause")
    training.ask("modify", "modify", {"lr": "x0.5"})
    training.ask("checkpoint", "checkpoint")
    training.ask("continue", "continue")
    training.wait()
    assert training.answers["modify"]["detail"].startswith("at step 6: lr 4.25e-05 → 2.12")
    assert training.answers["checkpoint"]["detail"] == "at step 6, before what was changed while it was paused"
    assert training.answers["continue"]["detail"] == "at step 6"
    assert dict(training.rates())[7] == pytest.approx(RATE * 33 / 40 / 2)
    assert [len(event["changes"]) for event in training.events("checkpoint")] == [0, 1, 1, 1, 1]


def test_a_loop_that_is_not_transformers_own_is_left_alone(make):
    training = make()
    training.launch("--max_steps", "12", ask={9: [{"lr": "x0.5"}]}, own_loop=True)
    training.wait()
    assert training.told() == [
        (False, "its trainer has a training loop of its own, which may read none of it; nothing was changed"),
    ]  # fmt: skip
    assert training.state().hyperparameters == {}
    assert not training.events("recorder_failed")
