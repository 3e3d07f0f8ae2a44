"""What a training leaves in its run directory."""

import itertools
import math

import pytest
import torch
from lightning.pytorch import Callback

from cockpit.recorder.autoload import attach
from cockpit.recorder.buffer import ScalarBuffer
from cockpit.recorder.journal import SafeJournal
from cockpit.recorder.recorder import RecorderHooks
from cockpit.runs.journal import JournalWriter
from cockpit.runs.reader import RunReader
from cockpit.runs.scalar_tail import last_records
from cockpit.runs.scalars import ATTEMPT, ScalarWriter

pytestmark = pytest.mark.slow
ALL = 10_000  # records


def printed(fit):
    """The loss of every step as the training itself saw it."""
    lines = (line.split() for line in fit.text().splitlines() if line[:1].isdigit())
    return {int(step): float.fromhex(loss) for step, loss in lines}


def test_events_come_in_the_order_of_what_happened(fit, events):
    assert fit(epochs=1, save_every=6, validate_every=6).wait() == 0
    told = [e["event"] for e in events() if e["event"] not in ("stage", "tag")]
    assert told == [
        "attach", "fit_start", "epoch",
        "saving", "checkpoint", "validation_start", "validation_end",
        "saving", "checkpoint", "validation_start", "validation_end", "end",
    ]  # fmt: skip
    assert [e["step"] for e in events("checkpoint", "validation_end")] == [6, 6, 12, 12]
    assert all(before["t"] <= after["t"] for before, after in itertools.pairwise(events()))


def test_the_beginning_says_what_is_ahead(fit, events):
    fit(epochs=2, validate_every=6).wait()
    (attached,), (begun,) = events("attach"), events("fit_start")
    assert attached["torch"]
    assert attached["attempt"] == 1
    expected = {
        "step": 0, "steps_total": 24, "epochs_total": 2, "steps_per_epoch": 12, "validate_every": 6, "device": "cpu",
        "parameters": 49, "seed": 7, "guarantee": "exact", "world_size": 1, "samples_per_step": 4,
    }  # fmt: skip
    assert {name: begun[name] for name in expected} == expected


def test_the_stages_of_training_are_told(fit, events):
    fit(epochs=1).wait()
    stages = [(e["name"], e["status"]) for e in events("stage")]
    assert stages[:2] == [("load checkpoint", "skipped"), ("train", "running")]
    assert set(stages[-3:]) == {("train", "done"), ("save checkpoints", "done"), ("log metrics", "done")}


def test_a_reader_gives_back_the_very_losses(fit, run):
    training = fit(epochs=2)
    training.wait()
    state = RunReader(run, series=True).poll()
    view = state.series["train/loss"]
    assert dict(zip(view.steps.tolist(), view.values.tolist(), strict=True)) == printed(training)
    assert state.loss_train == printed(training)[24]
    assert state.series["val/loss"].steps.tolist() == [6, 12, 18, 24]
    assert state.step == state.steps_total == 24


def test_every_number_that_is_not_finite_is_named_with_its_first_step(fit, run, events):
    fit(epochs=2, nan_at=9).wait()
    named = events("nonfinite")
    assert {"train/loss", "grad_norm", "val/loss"} <= {e["what"] for e in named}
    assert min(e["step"] for e in named if e["what"] == "train/loss") == 9
    assert min(e["step"] for e in named if e["what"] == "grad_norm") == 9
    assert next(e["step"] for e in named if e["what"] == "val/loss") == 12
    losses = {r[0]: r[2] for r in last_records(run.scalars, ALL) if r[3] == 0}
    assert all(math.isnan(losses[step]) == (step >= 9) for step in range(1, 25))


def test_a_checkpoint_says_whether_its_weights_are_finite(fit, events):
    fit(epochs=1, save_every=4, nan_at=6).wait()
    assert {e["step"]: e["finite"] for e in events("checkpoint")} == {4: True, 8: False, 12: False}


def test_a_checkpoint_of_a_broken_off_epoch_is_unsafe(fit, events):
    fit(epochs=3, save_every=None, stop_at=20).wait()
    assert {e["step"]: e["guarantee"] for e in events("checkpoint")} == {12: "exact", 20: "unsafe"}


def test_an_attempt_goes_on_with_the_same_tags(fit, run, events):
    fit(epochs=1, save_every=4, die_at=10).wait()
    resumed = fit(attempt=2, epochs=1, save_every=4, resume=run.checkpoints / "step=8.ckpt")
    assert resumed.wait() == 0
    named = {}
    for event in events("tag"):
        assert named.setdefault(event["tag"], event["name"]) == event["name"]
    marks = [r for r in last_records(run.scalars, ALL) if r[3] == ATTEMPT]
    assert [(r[0], r[2]) for r in marks] == [(8, 2.0)]
    state = RunReader(run, series=True).poll()
    assert state.series["train/loss"].steps.tolist() == list(range(1, 13))
    assert state.attempt == 2


def test_another_trainer_on_the_same_run_leaves_with_75(fit, events):
    first = fit(pace=0.05, epochs=100)
    while not events("fit_start"):
        assert first.process.is_alive()
    second = fit()
    assert second.wait() == 75
    assert "another trainer holds" in second.text()
    assert len(events("attach")) == 1


def test_an_exception_is_told_with_its_traceback_and_what_was_reached_is_saved(fit, run, events):
    assert fit(save_every=100, raise_at=9).wait() == 1
    (told,) = events("exception")
    assert told["type"] == "ValueError"
    assert 'raise ValueError("the data are cursed")' in told["traceback"]
    (saved,) = events("checkpoint")
    assert (saved["step"], saved["kind"], saved["guarantee"]) == (8, "interrupted", "state only")
    state = RunReader(run).poll()
    assert state.exception.splitlines()[-1] == "ValueError: the data are cursed"


@pytest.mark.parametrize("failure", [{"raise_at": 12}, {"raise_in_validation": 12}, {"raise_at": 5}])
def test_a_failed_training_goes_on_without_skipping_a_batch(fit, run, events, failure):
    fit(save_every=100, epochs=2, **failure).wait()
    (saved,) = events("checkpoint")
    resumed = fit(attempt=2, save_every=100, epochs=2, resume=run.root / saved["path"])
    assert resumed.wait() == 0
    steps = [step for step in printed(resumed) if step > saved["step"]]
    assert steps == list(range(saved["step"] + 1, 25))


def test_in_the_middle_of_an_accumulation_nothing_is_saved(fit, events):
    fit(save_every=100, accumulate=3, raise_on_batch=4).wait()
    assert events("exception")
    assert not events("checkpoint")


def test_lightning_has_nothing_to_call_for_hooks_of_a_batch_that_are_not_ours():
    recorder = attach("Recorder", RecorderHooks, Callback)
    assert recorder.on_before_backward is None
    assert recorder.on_train_batch_end is RecorderHooks.on_train_batch_end


def test_values_of_every_form_are_kept(tmp_path):
    journal = SafeJournal(JournalWriter(tmp_path / "journal"))
    buffer = ScalarBuffer(ScalarWriter(tmp_path / "scalars"), journal, {"loss": 0})
    given = [torch.tensor(0.5, requires_grad=True), torch.tensor([[1.5]]), torch.tensor(2, dtype=torch.int64)]
    for step, value in enumerate(given):
        buffer.add(step, 0.0, 0, value)
    buffer.flush(wait=True)
    assert [record[2] for record in last_records(tmp_path / "scalars", ALL)] == [0.5, 1.5, 2.0]
