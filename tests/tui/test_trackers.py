"""Where a run is tracked, on the screen and in the handoff."""

import pytest
from support.app import cockpit, screen_text, settled
from support.fakes import run_state, snapshot
from support.hostile import HOSTILE

from cockpit.domain.handoff import HandoffContext, markdown
from cockpit.domain.trackers import Tracker

BOARD = Tracker("tensorboard", "/p/runs/x/tensorboard")
FLOW = Tracker("mlflow", "sqlite:////p/mlflow.db", "3f2a9c01aa", "1")


async def test_every_tracker_is_named_with_what_shows_it():
    app = cockpit(snapshot(run_state(trackers=(BOARD, FLOW))))
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        app.dashboard.panels["progress"].focus()
        app.dashboard.zoom("progress")
        await pilot.pause()
        text = screen_text(app)
        assert "TensorBoard, MLflow 3f2a9c01" in text
        assert "tensorboard --logdir /p/runs/x/tensorboard --port 6006" in text
        assert "mlflow ui --backend-store-uri sqlite:////p/mlflow.db --port 5000" in text


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_a_tracker_says_of_itself_is_only_text(text):
    app = cockpit(snapshot(run_state(trackers=(Tracker(text, text, text, text, text),))))
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        assert app.is_running


def test_the_handoff_has_command_tunnel_and_page():
    document = markdown(run_state(trackers=(BOARD, FLOW)), HandoffContext("/bin/cockpit", None, "/p/config.yaml", ()))
    assert "- **MLflow**: run `3f2a9c01aa`; `mlflow ui --backend-store-uri sqlite:////p/mlflow.db" in document
    assert "`ssh -L 5000:localhost:5000 " in document
    assert "http://localhost:5000/#/experiments/1/runs/3f2a9c01aa" in document
    assert "- **TensorBoard**: `tensorboard --logdir /p/runs/x/tensorboard --port 6006`" in document
