"""How far a step of any optimizer moves each layer, whatever its tensors are, and why it cannot be told."""

import math

import pytest
import torch

from cockpit.domain.weights import HIGH, LISTED, LOW, NOT_JUDGED
from cockpit.recorder import weights
from cockpit.recorder.journal import SafeJournal
from cockpit.recorder.weighing import Subject, Weighing
from cockpit.runs import requests
from cockpit.runs.journal import JournalTail, JournalWriter
from cockpit.runs.weights import weighed_of


class Optimized:
    """A module, its optimizer, and somebody who asks."""

    def __init__(self, folder, module, optimizers=None, **about):
        self.module, self.step = module, 0
        self.optimizers = optimizers or (torch.optim.SGD(module.parameters(), lr=0.1),)
        self.journal = folder / "journal.jsonl"
        self.weighing = Weighing(SafeJournal(JournalWriter(self.journal)))
        self.subject = Subject(
            self.optimizers, tuple(module.named_parameters()), lambda: self.step + 1,
            about.get("scaled", False), about.get("sharded", False),
        )  # fmt: skip

    def ask(self):
        self.weighing.ask([requests.Request(f"{self.step}", "weights", 0.0, "ada")], self.subject)

    def train(self, loss, optimizer=None):
        for each in (optimizer,) if optimizer else self.optimizers:
            each.zero_grad()
            loss().backward()
            each.step()
            self.step += 1
        self.weighing.look()

    def events(self, kind):
        return [event for event in JournalTail(self.journal).poll()[0] if event["event"] == kind]

    @property
    def hooks(self):
        return sum(len(o._optimizer_step_pre_hooks) + len(o._optimizer_step_post_hooks) for o in self.optimizers)


def test_nothing_is_hooked_before_it_is_asked_nor_after(tmp_path):
    net = torch.nn.Linear(3, 2)
    place = Optimized(tmp_path, net)
    assert place.hooks == 0
    place.ask()
    assert place.hooks == 2
    place.train(lambda: net(torch.ones(3)).sum())
    assert place.hooks == 0
    assert [event["ok"] for event in place.events("ack")] == [True]
    (told,) = place.events("weights")
    assert {layer["name"]: layer["gradient"] for layer in told["layers"]} == pytest.approx(
        {"weight": math.sqrt(6), "bias": math.sqrt(2)}
    )


@pytest.mark.parametrize("how", ["positional", "named"])
def test_gradients_that_come_in_a_closure_are_seen(tmp_path, how):
    net = torch.nn.Linear(3, 2)
    place = Optimized(tmp_path, net, (torch.optim.LBFGS(net.parameters()),))

    def closure():
        place.optimizers[0].zero_grad()
        loss = (net(torch.ones(3)) ** 2).sum()
        loss.backward()
        return loss

    place.ask()
    place.optimizers[0].step(closure) if how == "positional" else place.optimizers[0].step(closure=closure)
    (told,) = place.events("weights")
    assert all(layer["gradient"] > 0 and layer["ratio"] > 0 for layer in told["layers"])


def test_of_large_weights_a_part_is_remembered_and_tells_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "_COPY", 2**20)
    torch.manual_seed(0)
    net = torch.nn.Linear(1000, 2000)  # 8 MB
    place = Optimized(tmp_path, net)
    before = net.weight.detach().clone()
    place.ask()
    place.train(lambda: (net(torch.randn(1000)) ** 2).sum() / 1000)
    (told,) = place.events("weights")
    assert told["bytes"] <= 2**20 + 8000
    assert 0.05 < told["sampled"] < 0.2
    true = ((net.weight.detach() - before).norm() / before.norm()).item()
    by_name = {layer["name"]: layer for layer in told["layers"]}
    assert by_name["weight"]["ratio"] == pytest.approx(true, rel=0.05)
    assert by_name["weight"]["weight"] == pytest.approx(before.norm().item(), rel=1e-5)
    assert f"ratios are told from {told['sampled']:.1%}" in " ".join(weighed_of(told).lines)


class Strange(torch.nn.Module):
    """Tensors that are half, complex, sparse in their gradients, unused, frozen, empty, zero; and one that bursts."""

    def __init__(self):
        super().__init__()
        self.narrow = torch.nn.Parameter(torch.ones(4, 4, dtype=torch.bfloat16))
        self.phases = torch.nn.Parameter(torch.ones(2, 2, dtype=torch.complex64))
        self.table = torch.nn.Embedding(10, 3, sparse=True)
        self.unused = torch.nn.Parameter(torch.ones(2, 2))
        self.frozen = torch.nn.Parameter(torch.ones(2, 2), requires_grad=False)
        self.nothing = torch.nn.Parameter(torch.ones(0, 2))
        self.zero = torch.nn.Parameter(torch.zeros(2, 2))
        self.bursts = torch.nn.Parameter(torch.ones(2, 2))
        self.still = torch.nn.Parameter(torch.ones(2, 2))

    def loss(self):
        mask = torch.tensor([[math.inf, 1.0], [1.0, math.nan]])
        parts = (
            self.narrow.float(),
            self.phases.abs(),
            self.table(torch.tensor([1, 1])),
            self.zero,
            self.bursts * mask,
        )
        return sum(part.sum() for part in parts) + 1e-6 * self.still.sum()


def test_tensors_of_every_kind(tmp_path):
    net = Strange()
    place = Optimized(tmp_path, net)
    place.ask()
    place.train(net.loss)
    (told,) = place.events("weights")
    weighed = weighed_of(told)
    found = {layer.name: layer for layer in weighed.layers}
    assert set(found) == {"narrow", "phases", "table.weight", "unused", "zero", "bursts", "still"}
    assert found["narrow"].ratio == pytest.approx(0.1, rel=0.02)
    assert found["phases"].gradient == pytest.approx(2.0)
    assert found["table.weight"].gradient == pytest.approx(2 * math.sqrt(3))
    assert (found["unused"].gradient, found["unused"].ratio, found["unused"].remark) == (None, 0.0, "no gradient")
    assert (found["zero"].ratio, found["zero"].verdict) == (None, NOT_JUDGED)
    assert (found["bursts"].bad_gradients, found["bursts"].bad_weights) == (2, 2)
    assert weighed.layers[0].name == "bursts"
    assert found["narrow"].verdict == HIGH
    assert found["still"].verdict == LOW
    assert weighed.bad == 1


def test_a_model_of_many_layers_leaves_a_bounded_line(tmp_path):
    net = torch.nn.ParameterList(torch.nn.Parameter(torch.full((2, 2), 1.0 + i)) for i in range(300))
    place = Optimized(tmp_path, net)
    place.ask()
    place.train(lambda: sum(p.sum() for p in net))
    (told,) = place.events("weights")
    weighed = weighed_of(told)
    assert (weighed.tensors, len(weighed.layers), weighed.left_out) == (300, 2 * LISTED, 300 - 2 * LISTED)
    assert (weighed.layers[0].name, weighed.layers[-1].name) == ("0", "299")
    assert (told["high"], told["low"]) == (10, 0)
    assert max(map(len, place.journal.read_bytes().splitlines())) < 20_000


def test_a_fault_ends_the_measurement_and_not_the_step(tmp_path, monkeypatch):
    net = torch.nn.Linear(3, 2)
    place, before = Optimized(tmp_path, net), net.weight.detach().clone()

    def full(*_):
        raise torch.OutOfMemoryError("no memory is left")

    monkeypatch.setattr(weights, "_part", full)
    place.ask()
    place.train(lambda: net(torch.ones(3)).sum())
    assert [(e["ok"], e["detail"]) for e in place.events("ack")] == [(False, "OutOfMemoryError: no memory is left")]
    assert not torch.equal(net.weight, before)
    assert place.hooks == 0
    monkeypatch.undo()
    place.ask()
    place.train(lambda: net(torch.ones(3)).sum())
    assert place.events("ack")[-1]["ok"]


def test_two_optimizers_are_told_together_and_one_alone_if_the_other_has_no_turn(tmp_path):
    net = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 1))
    first, second = (torch.optim.SGD(part.parameters(), lr=0.1) for part in net)
    place = Optimized(tmp_path, net, (first, second))
    place.ask()
    place.train(lambda: net(torch.ones(3)).sum())
    place.ask()
    place.train(lambda: net(torch.ones(3)).sum(), second)
    both, one = place.events("weights")
    assert (both["tensors"], len(both["groups"]), both["note"], both["step"]) == (4, 2, "", 2)
    assert (one["tensors"], one["note"], one["step"]) == (2, "1 of its 2 optimizers took a step", 3)
    assert place.hooks == 0


@pytest.mark.parametrize("about", [{"sharded": True}, {"optimizers": ("bare",)}, {"optimizers": ()}])
def test_what_cannot_be_measured_says_why(tmp_path, about):
    net = torch.nn.Linear(3, 2)
    place = Optimized(tmp_path, net, sharded=about.get("sharded", False))
    if "optimizers" in about:
        place.subject = Subject(about["optimizers"], (), lambda: 1, scaled=False, sharded=False)
    place.ask()
    ((ok, detail),) = [(event["ok"], event["detail"]) for event in place.events("ack")]
    assert not ok
    assert detail in ("its weights are spread over its processes, and none holds a whole layer",
                      "its optimizer is none of PyTorch's")  # fmt: skip
    assert place.hooks == 0


def test_a_fused_optimizer_that_skips_by_itself_is_waited_for(tmp_path):
    net = torch.nn.Linear(3, 2)
    fused = torch.optim.AdamW(net.parameters(), lr=0.1, fused=True)
    place = Optimized(tmp_path, net, (fused,), scaled=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    place.ask()
    for factor in (math.inf, 1.0):
        fused.zero_grad()
        scaler.scale(net(torch.ones(3)).sum() * factor).backward()
        scaler.step(fused)
        scaler.update()
        place.step += 1
        place.weighing.look()
    (told,) = place.events("weights")
    assert (told["step"], told["skipped"], told["bad"]) == (2, 1, 0)
    assert told["layers"][0]["gradient"] == pytest.approx(math.sqrt(6))  # unscaled
