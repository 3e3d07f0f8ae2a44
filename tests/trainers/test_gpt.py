"""The GPT is what it says: causal, tied, and scheduled as its docstrings have it."""

import itertools
import math

import pytest
import torch

from trainers.gpt import GPT, warmup_cosine


@pytest.fixture
def model():
    torch.manual_seed(0)
    return GPT(context=16, layers=2, heads=2, width=16).eval()


def test_shapes(model):
    assert model(torch.zeros(3, 16, dtype=torch.long)).shape == (3, 16, 256)
    assert model(torch.zeros(1, 5, dtype=torch.long)).shape == (1, 5, 256)


@pytest.mark.parametrize("changed", [1, 7, 15])
def test_the_future_never_changes_the_past(model, changed):
    tokens = torch.randint(256, (2, 16), generator=torch.Generator().manual_seed(1))
    other = tokens.clone()
    other[:, changed:] = (other[:, changed:] + 1) % 256
    before, after = model(tokens), model(other)
    assert torch.equal(before[:, :changed], after[:, :changed])
    assert not torch.equal(before[:, changed:], after[:, changed:])


def test_input_and_output_embeddings_are_one(model):
    assert model.head.weight is model.embed.weight
    assert sum(p.numel() for p in model.parameters()) == 2 * (2 * 16 + 12 * 16**2) + 16 + 256 * 16 + 16 * 16


def test_an_untrained_model_knows_nothing(model):
    windows = torch.randint(256, (8, 17), generator=torch.Generator().manual_seed(1))
    assert model._loss(windows).item() == pytest.approx(math.log(256), abs=0.1)


def test_the_learning_rate_warms_up_and_comes_down():
    shares = [warmup_cosine(step, 10, 110, 0.1) for step in range(130)]
    assert shares[:10] == pytest.approx([(n + 1) / 10 for n in range(10)])
    assert shares[10] == 1.0
    assert shares[60] == pytest.approx(0.55)
    assert shares[110:] == pytest.approx([0.1] * 20)
    assert all(a >= b for a, b in itertools.pairwise(shares[10:]))


def test_only_matrices_decay(model):
    model._trainer = type("T", (), {"estimated_stepping_batches": 100})()
    decayed, others = model.configure_optimizers()["optimizer"].param_groups
    assert decayed["weight_decay"] == 0.1
    assert others["weight_decay"] == 0.0
    assert {p.dim() for p in decayed["params"]} == {2}
    assert {p.dim() for p in others["params"]} == {1}
