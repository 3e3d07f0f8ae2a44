"""The recorder in scripts of transformers' Trainer that are out of the ordinary, each a training of its own."""

import pytest
from support.fits import DEADLINE
from support.trackers import told_by_mlflow, told_by_tensorboard, told_by_wandb
from support.transformers_training import SCRIPT, Training

from cockpit.runs.notes import append_note

pytest.importorskip("transformers", reason="transformers is not installed: extra [finetune]")

BROKEN = f"""
import runpy, sys
from cockpit.recorder.bridges import transformers as bridge
from cockpit.recorder.buffer import ScalarBuffer

def broken(*_, **__):
    raise RuntimeError("the recorder is broken")

ScalarBuffer.add = ScalarBuffer.add_number = bridge.bytes_of = broken
begin = bridge.TransformersHooks.__init__

def begin_broken(self, *arguments, **named):
    begin(self, *arguments, **named)
    self._loss = "no tensor"

bridge.TransformersHooks.__init__ = begin_broken
sys.argv[0] = {str(SCRIPT)!r}
runpy.run_path(sys.argv[0], run_name="__main__")
"""
FAILING = f"""
import runpy, sys, transformers
compute_loss = transformers.Trainer.compute_loss

def cursed(trainer, *arguments, **named):
    if trainer.state.global_step == 9:
        raise ValueError("the data are cursed")
    return compute_loss(trainer, *arguments, **named)

transformers.Trainer.compute_loss = cursed
sys.argv[0] = {str(SCRIPT)!r}
runpy.run_path(sys.argv[0], run_name="__main__")
"""
JUDGING = f"""
import runpy, sys
from cockpit.recorder import news
news._LOOK_EVERY = news._JUDGE_EVERY = news._REST = 0.0
news._SHARE = 1e9
sys.argv[0] = {str(SCRIPT)!r}
runpy.run_path(sys.argv[0], run_name="__main__")
"""
STREAMING = f"""
import runpy, sys, torch
torch.utils.data.Dataset = torch.utils.data.IterableDataset  # what the script's data then are
torch.utils.data.Dataset.__iter__ = lambda self: (self[i] for i in range(16))
sys.argv[0] = {str(SCRIPT)!r}
module = runpy.run_path(sys.argv[0], run_name="stream")
del module["Words"].__len__
(arguments,) = module["HfArgumentParser"](module["TrainingArguments"]).parse_args_into_dataclasses()
arguments.eval_strategy = "no"
config = module["GPT2Config"](vocab_size=50, n_positions=8, n_embd=16, n_layer=1, n_head=2)
module["Trainer"](model=module["GPT2LMHeadModel"](config), args=arguments, train_dataset=module["Words"](16)).train()
"""


def test_a_recorder_that_fails_in_every_way_ends_no_training(tmp_path):
    broken = Training(tmp_path / "2026-11-25T0100-broken-1a2b")
    broken.launch("--max_steps", "24", script=("-c", BROKEN))
    broken.wait()
    failed = {event["hook"] for event in broken.events("recorder_failed")}
    assert {"note_loss", "after_step", "validated", "saved", "logged"} <= failed
    assert [(event["reason"], event["step"]) for event in broken.events("end")] == [("finished", 24)]
    assert "training goes on without it" in broken.run.output.read_text()


def test_a_stream_has_steps_and_no_epochs(tmp_path):
    training = Training(tmp_path / "2026-11-25T0100-stream-1a2b")
    training.launch("--max_steps", "4", script=("-c", STREAMING))
    training.wait()
    assert list(training.losses()) == [1, 2, 3, 4]
    (begin,) = training.events("fit_start")
    assert (begin["steps_total"], begin["epochs_total"], begin["steps_per_epoch"]) == (4, None, None)


def test_an_exception_is_told_with_its_traceback_wherever_train_has_come_to(tmp_path):
    training = Training(tmp_path / "2026-11-25T0100-cursed-1a2b")
    for attempt, more in enumerate(((), ("--resume_from_checkpoint", str(tmp_path / "nowhere"))), 1):
        training.launch(*more, script=("-c", FAILING), attempt=attempt)
        assert training.process.wait(DEADLINE) == 1
    inside, before = training.events("exception")
    assert (inside["type"], inside["message"]) == ("ValueError", "the data are cursed")
    assert "in cursed" in inside["traceback"]
    assert "Can't find a valid checkpoint" in before["message"]
    assert "nowhere" in before["traceback"]
    assert training.run.output.read_text().count("ValueError") >= 2  # and the script has seen them as ever
    assert list(training.losses()) == list(range(1, 10))
    assert [event["event"] for event in training.events("end")] == []
    assert training.state().exception == before["traceback"]


def test_its_trackers_are_named_and_told_notes_changes_and_criteria(tmp_path, monkeypatch):
    pytest.importorskip("mlflow")
    pytest.importorskip("wandb")
    for name, value in {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db", "MLFLOW_DISABLE_TELEMETRY": "true",
                        "WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path)}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    training = Training(tmp_path / "2026-11-25T0100-tracked-1a2b")
    append_note(training.run, 3, "look *here*")
    more = ("--max_steps", "100000", "--report_to", "all", "--run_name", "tracked")
    training.launch(*more, script=("-c", JUDGING))
    training.beyond(10)
    training.ask("change", "modify", {"lr": "x0.5"})
    training.ask("end", "modify", {"max_steps": training.state().step + 100})
    training.wait()
    state, changed = training.state(), training.events("hyperparameters")[0]["step"]
    mlflow, board, wandb = sorted(state.trackers, key=lambda tracker: tracker.kind)
    assert (mlflow.kind, board.kind, wandb.kind) == ("mlflow", "tensorboard", "wandb")
    assert "tracker MLflow, TensorBoard, Wandb" in " ".join(state.criteria[1].evidence)
    assert not training.events("recorder_failed")

    assert told_by_tensorboard(board.place, "note")[0][0] == 3
    tags = told_by_mlflow(mlflow)
    assert tags["cockpit.note.3"].startswith("look *here*")
    assert tags[f"cockpit.change.{changed}"].startswith("lr ")
    assert told_by_tensorboard(board.place, "change")[0][0] == changed
    said = told_by_wandb(wandb.place)
    assert said["cockpit/note/3"].startswith("look *here*")
    assert said[f"cockpit/change/{changed}"].startswith("lr ")
    steps = [step for step, _ in told_by_tensorboard(board.place, "criteria/metrics")]
    assert steps[0] < steps[-1] == state.step  # when it was judged first, and at the end
    assert {f"cockpit.criteria.metrics.{step}" for step in steps} <= set(tags)
    assert {f"cockpit/criteria/metrics/{step}" for step in steps} <= set(said)
