"""How a tracker is looked at: a command, a page, and a tunnel where one is needed."""

import pytest

from cockpit.domain.trackers import Tracker


def test_tensorboard_needs_a_command_and_a_tunnel():
    tracker = Tracker("tensorboard", "/runs/a b/tensorboard")
    assert tracker.command == "tensorboard --logdir '/runs/a b/tensorboard' --port 6006"
    assert tracker.tunnel("gpu1") == "ssh -L 6006:localhost:6006 gpu1"
    assert (tracker.page, tracker.told) == ("http://localhost:6006", "TensorBoard")


def test_an_mlflow_database_is_served_first():
    tracker = Tracker("mlflow", "sqlite:////p/mlflow.db", "3f2a9c01aa", "1")
    assert tracker.command == "mlflow ui --backend-store-uri sqlite:////p/mlflow.db --port 5000"
    assert tracker.page == "http://localhost:5000/#/experiments/1/runs/3f2a9c01aa"
    assert tracker.tunnel("gpu1") == "ssh -L 5000:localhost:5000 gpu1"
    assert tracker.told == "MLflow 3f2a9c01"


@pytest.mark.parametrize(
    ("place", "tunnel"),
    [
        ("http://127.0.0.1:5001/", "ssh -L 5001:localhost:5001 gpu1"),
        ("https://track.example.org", ""),
        ("http://localhost:many", ""),
    ],
)
def test_an_mlflow_server_has_a_page(place, tunnel):
    tracker = Tracker("mlflow", place, "ab", "1")
    assert (tracker.command, tracker.tunnel("gpu1")) == ("", tunnel)
    assert tracker.page == f"{place.rstrip('/')}/#/experiments/1/runs/ab"


def test_an_offline_run_of_wandb_is_sent_later():
    offline = Tracker("wandb", "/runs/a/wandb/offline-run-1", "x1", "p")
    assert (offline.command, offline.page) == ("wandb sync /runs/a/wandb/offline-run-1", "")
    online = Tracker("wandb", "/runs/a/wandb/run-1", "x1", "p", "https://wandb.ai/p/x1")
    assert (online.command, online.page, online.tunnel("gpu1")) == ("", "https://wandb.ai/p/x1", "")


def test_whatever_else_logs_is_named_by_its_class():
    assert Tracker("CometLogger", "/x").name == "CometLogger"
    assert Tracker("CometLogger", "/x").command == ""
