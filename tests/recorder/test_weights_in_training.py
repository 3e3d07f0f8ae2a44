"""How far a step moves each layer of a real training: true to a second look, and of no consequence for it."""

import json
import math

import pytest
from lightning.pytorch import Callback
from recorder.test_exact_resume import environment, free_port, steps_of
from recorder.test_vitals import fit_half
from support import tiny
from support.fits import Fit, recorded
from support.processes import wait_until
from support.tiny import Options, train

from cockpit.recorder import ranks
from cockpit.runs import requests
from cockpit.runs.reader import RunReader
from cockpit.runs.weights import weighed_of

pytestmark = pytest.mark.slow


class SecondLook(Callback):
    """Writes down for every step what each layer was and how far it moved."""

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        self.before = {name: p.detach().clone() for name, p in module.named_parameters()}

    def on_before_zero_grad(self, trainer, module, optimizer):
        self.gradients = {}

    def on_before_optimizer_step(self, trainer, module, optimizer):
        self.gradients = {name: p.grad.norm().item() for name, p in module.named_parameters()}

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        moved = {n: ((p - self.before[n]).norm() / self.before[n].norm()).item() for n, p in module.named_parameters()}
        print("look", json.dumps([trainer.global_step, moved, self.gradients]), flush=True)


def train_watched(options):
    tell = tiny.Tell

    def both(options):
        return type("Both", (SecondLook, tell), {"on_train_batch_end": told})(options)

    def told(self, *arguments):
        SecondLook.on_train_batch_end(self, *arguments)
        tell.on_train_batch_end(self, *arguments)

    tiny.Tell = both
    train(options)


def looks(fit):
    """By step: how far each layer moved, and the norms of its gradients; the last batch of an accumulation counts."""
    lines = [json.loads(line.removeprefix("look ")) for line in fit.text().splitlines() if line.startswith("look ")]
    return {step: (moved, gradients) for step, moved, gradients in lines if gradients}


def answers(events):
    return [(event["ok"], event["detail"]) for event in events("ack")]


@pytest.mark.parametrize("accumulate", [1, 3])
def test_the_figures_are_those_of_a_second_look(fit, events, run, accumulate):
    training = fit(target=train_watched, accumulate=accumulate, ask_at=3, verbs=("weights", "weights"))
    assert training.wait() == 0
    (told,) = events("weights")
    moved, gradients = looks(training)[told["step"]]
    assert {layer["name"]: layer["ratio"] for layer in told["layers"]} == pytest.approx(moved, rel=1e-5)
    assert {layer["name"]: layer["gradient"] for layer in told["layers"]} == pytest.approx(gradients, rel=1e-5)
    assert (told["tensors"], told["elements"], told["sampled"], told["skipped"]) == (4, 49, 1.0, 0)
    assert [(group["rate"], group["tensors"]) for group in told["groups"]] == [(1e-2, 2), (2e-2, 2)]
    assert [ok for ok, _ in answers(events)] == [True, True]  # both who asked, by one measurement
    assert sorted(told["requests"]) == sorted(event["request"] for event in events("ack"))
    weighed = RunReader(run).poll().vitals.weighed
    assert weighed == weighed_of(told)
    matrices = [layer for layer in weighed.layers if layer.matrix]
    assert [layer.ratio for layer in matrices] == sorted((layer.ratio for layer in matrices), reverse=True)
    assert answers(events)[0][1] == weighed.told


def test_asking_changes_no_number(fit, run, events):
    plain = fit()
    plain.wait()
    told = steps_of(plain)
    for made in (*run.root.glob("*.*"), *run.checkpoints.iterdir()):
        made.unlink()
    asked = fit(ask_at=3, verbs=("weights",))
    asked.wait()
    assert events("weights")
    assert steps_of(asked) == told


def test_of_two_processes_the_first_answers_and_none_waits(run, events):
    options = Options(run.root, epochs=2, processes=2, ask_at=2, verbs=("weights",), timeout=20.0)
    port = free_port()
    fits = [recorded(run, train, options, **environment(rank, 2, port)) for rank in range(2)]
    for rank, each in enumerate(fits):
        each.output = run.root / f"{rank}.txt"
    assert Fit.wait_for_all(fits) == [0, 0]
    assert [ok for ok, _ in answers(events)] == [True]
    (told,) = events("weights")
    assert {layer["name"] for layer in told["layers"]} == {
        f"net.{i}.{kind}" for i in (0, 2) for kind in ("weight", "bias")
    }
    assert [event["step"] for event in events("end")] == [12]


def test_a_paused_training_and_one_that_ends_say_so(fit, run, events):
    training = fit(epochs=200, pace=0.02)
    wait_until(lambda: events("fit_start"), training.text)
    for count, verb in enumerate(("pause", "weights", "continue"), 1):
        requests.send(run, verb)
        wait_until(lambda count=count: len(events("ack")) == count, training.text)
    assert answers(events)[1] == (False, "it is paused and takes no step")
    training.end()


def test_what_was_asked_at_the_last_step_is_refused(fit, events):
    assert fit(epochs=1, ask_at=12, verbs=("weights",)).wait() == 0
    assert answers(events) == [(False, "the training ended before another step")]
    assert not events("weights")


class Ask(Callback):
    """Before the first step; and every step is a look."""

    def __init__(self, run):
        self.run = run

    def on_train_start(self, trainer, module):
        requests.send(self.run, "weights")


def half(run, overflow_at, steps):
    ranks.LOOK_EVERY = 0.0
    fit_half(overflow_at, steps, Ask(run))


def test_steps_that_the_scaler_skips_are_waited_for_and_said(run, events):
    training = recorded(run, half, run, (2, 3), 12)
    try:
        assert training.wait() == 0, training.text()
    finally:
        training.end()
    (told,) = events("weights")
    assert (told["step"], told["skipped"]) == (4, 2)
    assert all(math.isfinite(layer["gradient"]) for layer in told["layers"])
    assert "the GradScaler skipped 2 steps before this one" in " ".join(weighed_of(told).lines)


def test_a_scaler_that_skips_every_step_is_named(run, events):
    training = recorded(run, half, run, tuple(range(2, 40)), 12)
    try:
        assert training.wait() == 0, training.text()
    finally:
        training.end()
    ((ok, detail),) = answers(events)
    assert not ok
    assert "8 steps moved no weight: the GradScaler skipped them" in detail
