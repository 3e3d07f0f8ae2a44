"""Real trackers, read back by themselves: TensorBoard, MLflow with sqlite behind a server on loopback, W&B offline."""

import itertools
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml
from support.fits import new_run, recorded
from support.processes import wait_until
from support.shipped import train, write_config
from support.trackers import told_by_mlflow, told_by_tensorboard, told_by_wandb

from cockpit.recorder.tags import known_trackers
from cockpit.runs import requests
from cockpit.runs.journal import JournalTail
from cockpit.runs.layout import ENV_ATTEMPT, ENV_RUN_DIR, ENV_TRACKERS
from cockpit.runs.notes import append_note
from cockpit.runs.reader import RunReader
from cockpit.sources.source import Points
from cockpit.sources.wandb_offline import WandbOffline

pytestmark = pytest.mark.slow
NAME = "2026-11-24T1200-tabular-0001"


def fit(run, folder, trackers, attempt=1, checkpoint=None, **environment):
    write_config("tabular", run.config, None, {})
    environment |= {ENV_TRACKERS: trackers, "MLFLOW_DISABLE_TELEMETRY": "true", "WANDB_MODE": "offline"}
    training = recorded(run, train, run.config, checkpoint, folder, attempt=attempt, **environment)
    assert training.wait() == 0, run.output.read_text()[-3000:]


def last_checkpoint(run):
    return max(run.checkpoints.glob("step=*.ckpt"), key=lambda path: path.stat().st_mtime)


@pytest.fixture
def run(tmp_path):
    return new_run(tmp_path / "runs" / NAME)


def test_tensorboard_and_wandb_side_by_side(run, tmp_path):
    pytest.importorskip("wandb")
    append_note(run, 3, "look *here*")
    fit(run, tmp_path, "tensorboard,wandb")
    board, wandb = RunReader(run).poll().trackers

    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert (board.kind, board.place) == ("tensorboard", str(run.tensorboard))
    assert EventAccumulator(board.place).Reload().Scalars("val/loss")[-1].step >= 100
    ((step, note),) = told_by_tensorboard(board.place, "note")
    assert (step, note.partition(" (")[0]) == (3, "look *here*")
    assert told_by_tensorboard(board.place, "criteria/gradients")[-1][1].startswith("ok: ")

    assert (wandb.kind, wandb.group) == ("wandb", tmp_path.name)
    place = Path(wandb.place)
    assert place.parent == run.root / "wandb"
    assert place.name.startswith("offline-run-")
    assert wandb.command == f"wandb sync {place}"
    (file,) = place.glob("*.wandb")
    assert wandb.id in file.name
    assert last_values(file)["val/loss"] > 0
    assert told_by_wandb(place)["cockpit/note/3"].startswith("look *here*")


def last_values(file):
    """What an offline run holds, by the reader of ``cockpit watch``."""
    source = WandbOffline()
    (found,) = source.runs(file)
    return {points.tag: points.values[-1] for points in source.open(found).poll().items if isinstance(points, Points)}


@pytest.fixture
def server(tmp_path):
    """``mlflow server`` over sqlite."""
    pytest.importorskip("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["server", "--host", "127.0.0.1", "--port", port, "--workers", 1]
    store = ["--backend-store-uri", f"sqlite:///{tmp_path}/db", "--artifacts-destination", tmp_path / "kept"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", *map(str, words + store)], cwd=tmp_path, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
        env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"

    def answers():
        try:
            return urllib.request.urlopen(f"{address}/health").status == 200
        except urllib.error.URLError:
            return False

    wait_until(answers, "the server", seconds=240, pause=0.2)
    yield address
    os.killpg(process.pid, 15)
    process.wait()


def test_mlflow_on_loopback_and_a_resume_goes_on_there(run, tmp_path, server):
    append_note(run, 3, "look here")
    fit(run, tmp_path, "mlflow", MLFLOW_TRACKING_URI=server)
    (tracker,) = RunReader(run).poll().trackers
    assert (tracker.kind, tracker.place, tracker.command) == ("mlflow", server, "")
    assert tracker.page == f"{server}/#/experiments/{tracker.group}/runs/{tracker.id}"

    from mlflow import MlflowClient

    client = MlflowClient(server)
    told = client.get_run(tracker.id)
    assert (told.info.run_name, told.info.status) == (NAME, "FINISHED")
    assert told.data.metrics["val/loss"] > 0
    assert told.data.params["lr"] == "0.003"
    assert told.data.tags["cockpit.note.3"].startswith("look here")
    assert any(name.startswith("cockpit.criteria.gradients.") for name in told.data.tags)
    assert client.get_experiment(tracker.group).name == tmp_path.name

    fit(run, tmp_path, "mlflow", attempt=2, checkpoint=last_checkpoint(run), MLFLOW_TRACKING_URI=server)
    assert [each.id for each in known_trackers(run)] == [tracker.id]
    assert len(client.search_runs([tracker.group])) == 1


def test_mlflow_needs_no_server(run, tmp_path):
    pytest.importorskip("mlflow")
    fit(run, tmp_path, "mlflow")
    (tracker,) = RunReader(run).poll().trackers
    assert tracker.place == f"sqlite:///{tmp_path}/mlflow.db"

    from mlflow import MlflowClient

    assert MlflowClient(tracker.place).get_run(tracker.id).data.metrics["val/loss"] > 0


def test_a_tracker_that_is_not_installed_ends_nothing(run, tmp_path, monkeypatch):
    import trainers.tracking as tracking

    def missing(*_, **__):
        raise ModuleNotFoundError("No module named 'wandb'")

    monkeypatch.setenv(ENV_TRACKERS, "wandb,tensorboard")
    monkeypatch.setattr(tracking, "WandbLogger", missing)
    assert [type(logger).__name__ for logger in tracking.loggers(run)] == ["TensorBoardLogger"]


def change_while_it_runs(run, folder, trackers, **environment):
    """Real changes and notes of one moment, in a training that is then stopped; gives the steps of the changes."""
    write_config("tabular", run.config, None, {})
    config = yaml.safe_load(run.config.read_text())
    config["trainer"]["max_epochs"] = 100_000
    run.config.write_text(yaml.safe_dump(config))
    around = os.environ | environment | {
        ENV_RUN_DIR: str(run.root), ENV_ATTEMPT: "1", ENV_TRACKERS: trackers, "OMP_NUM_THREADS": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true", "WANDB_MODE": "offline", "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    command = [sys.executable, "-m", "trainers", "fit", "--config", str(run.config)]

    def events(kind):
        return [event for event in JournalTail(run.journal).poll()[0] if event["event"] == kind]

    with run.output.open("ab") as output:
        process = subprocess.Popen(command, env=around, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: events("fit_start"), run.output.read_text, seconds=120)
        for values in ({"lr": "x0.5"}, {"gradient_clip_val": 0.5}):
            requests.send(run, "modify", values)
        wait_until(lambda: len(events("ack")) == 2, run.output.read_text)
        for words in ("the first", "the second"):
            append_note(run, events("hyperparameters")[0]["step"], words)
        requests.send(run, "stop")
        assert process.wait(120) == 0, run.output.read_text()[-3000:]
    finally:
        process.kill()
    return [event["step"] for event in events("hyperparameters")]


def test_a_change_of_a_running_experiment_is_told_in_every_tracker(run, tmp_path):
    pytest.importorskip("mlflow")
    pytest.importorskip("wandb")
    steps = change_while_it_runs(run, tmp_path, "tensorboard,mlflow,wandb")
    assert len(set(steps)) == 1
    state = RunReader(run).poll()
    board, mlflow, wandb = state.trackers
    rate, clip = (mark.text for mark in state.marks if mark.kind == "change")
    assert rate.startswith("lr ")
    assert clip == "gradient_clip_val off → 0.5"

    tags = told_by_mlflow(mlflow)
    places = (
        dict(told_by_tensorboard(board.place, "change"))[steps[0]], tags[f"cockpit.change.{steps[0]}"],
        told_by_wandb(wandb.place)[f"cockpit/change/{steps[0]}"],
    )  # fmt: skip
    assert all(rate in place and clip in place for place in places), places
    places = (
        dict(told_by_tensorboard(board.place, "note"))[steps[0]], tags[f"cockpit.note.{steps[0]}"],
        told_by_wandb(wandb.place)[f"cockpit/note/{steps[0]}"],
    )  # fmt: skip
    assert all("the first" in place and "the second" in place for place in places), places


def train_and_judge(config, folder):
    """Judged at every step."""
    from cockpit.recorder import news

    news._LOOK_EVERY = news._JUDGE_EVERY = news._REST = 0.0
    news._SHARE = 1e9
    train(config, None, folder)


def test_a_criterion_is_told_when_it_changes_and_at_the_end(run, tmp_path):
    write_config("tabular", run.config, None, {})
    training = recorded(run, train_and_judge, run.config, tmp_path, **{ENV_TRACKERS: "tensorboard"})
    assert training.wait() == 0, training.text()[-3000:]
    last = RunReader(run).poll().step
    for key in ("gradients", "validation", "checkpoints"):
        told = told_by_tensorboard(run.tensorboard, f"criteria/{key}")
        assert told[-1][0] == last
        assert told[0][0] < last  # it was too early at first, and then it was not
        words = [text.partition(":")[0] for _, text in told]
        assert not words[0].startswith("early")
        assert all(before != after for before, after in itertools.pairwise(words[:-1])), words


def train_cursed(config, folder):
    """Fails inside its fortieth step."""
    from trainers.tabular import Perceptron

    step = Perceptron.training_step

    def cursed(module, *arguments):
        if module.global_step == 40:
            raise ValueError("the data are cursed")
        return step(module, *arguments)

    Perceptron.training_step = cursed
    train(config, None, folder)


def test_what_an_exception_ends_is_judged_in_its_trackers_too(run, tmp_path):
    append_note(run, 3, "look here")
    write_config("tabular", run.config, None, {})
    training = recorded(run, train_cursed, run.config, tmp_path, **{ENV_TRACKERS: "tensorboard"})
    assert training.wait() == 1
    assert told_by_tensorboard(run.tensorboard, "note")[0][0] == 3
    assert [step for step, _ in told_by_tensorboard(run.tensorboard, "criteria/gradients")] == [40]
