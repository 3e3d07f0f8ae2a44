"""What a training is judged by: waiting for data, skipped fp16 steps, how far the weights move, its conditions."""

import time

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.plugins import MixedPrecision
from support.fits import recorded
from torch.utils.data import DataLoader, TensorDataset

from cockpit.recorder.budget import Budget
from cockpit.recorder.vitals import WeightMotion
from cockpit.runs.reader import RunReader

pytestmark = pytest.mark.slow


class Half(LightningModule):
    """One weight in fp16 whose gradients overflow where they are told to."""

    def __init__(self, overflow_at):
        super().__init__()
        self.net, self.overflow_at = torch.nn.Linear(4, 1), overflow_at

    def training_step(self, batch, _):
        loss = self.net(batch[0]).float().mean()
        return loss * float("inf") if self.global_step + 1 in self.overflow_at else loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1e-3)


class Slow(TensorDataset):
    def __getitem__(self, index):
        time.sleep(0.02)
        return super().__getitem__(index)


def fit_half(overflow_at, steps, *callbacks):
    plugin = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=1024.0))
    trainer = Trainer(max_steps=steps, accelerator="cpu", plugins=[plugin], logger=False, enable_checkpointing=False,
                      callbacks=list(callbacks), enable_progress_bar=False, enable_model_summary=False)  # fmt: skip
    trainer.fit(Half(overflow_at), DataLoader(TensorDataset(torch.ones(400, 4)), 1))


def fit_slow():
    trainer = Trainer(max_steps=60, accelerator="cpu", logger=False, enable_checkpointing=False,
                      enable_progress_bar=False, enable_model_summary=False)  # fmt: skip
    trainer.fit(Half(()), DataLoader(Slow(torch.ones(400, 4)), 2))


def vitals(run):
    return RunReader(run).poll().vitals


def test_the_conditions_of_a_training_are_told(fit, run):
    fit(epochs=1).wait()
    told = vitals(run).conditions
    assert (told.deterministic, told.scaler, told.workers, told.checkpoint_every) == (False, False, 0, 4)
    assert told.begun is not None
    assert told.loggers == ()


def test_the_weights_move_by_a_share_of_themselves(fit, run):
    fit(epochs=1).wait()
    assert 1e-4 < vitals(run).update_ratio < 0.2


def test_steps_that_the_scaler_skips_are_told_apart(run):
    training = recorded(run, fit_half, (5, 6, 20), 30)
    try:
        assert training.wait() == 0, training.text()
    finally:
        training.end()
    state = RunReader(run).poll()
    assert state.vitals.conditions.scaler
    found = state.vitals
    assert (found.skipped, found.skipped_in_a_row) == (3, 0)
    assert found.scale == 128.0
    assert not [each for each in state.nonfinite if each.what == "grad_norm"]


def test_waiting_for_data_is_measured(run):
    training = recorded(run, fit_slow)
    try:
        assert training.wait() == 0, training.text()
    finally:
        training.end()
    waits = [share for _, share in vitals(run).waits]
    assert waits
    assert max(waits) > 0.7


def test_the_motion_is_that_of_the_weights():
    weights = [torch.full((10,), 2.0), torch.full((5000, 2), 2.0)]
    motion = WeightMotion(weights)
    assert motion.after_step() is None
    motion.before_step()
    for weight in weights:
        weight.mul_(1.01)
    assert motion.after_step().item() == pytest.approx(0.01, rel=1e-3)


def test_a_budget_holds_its_share(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    budget, done = Budget(0.01, 0, first=3), []
    for step in range(1000):
        now[0] += 1.0
        if step >= budget.due:
            began = now[0]
            now[0] += 0.5
            budget.spent(step, began)
            done.append(step)
    assert done[:3] == [0, 1, 2]
    assert len(done) < 3 + 1000 * 0.01 / 0.5 + 2
