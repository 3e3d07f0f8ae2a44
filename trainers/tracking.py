"""The trackers of a run: TensorBoard in its folder, MLflow, Weights & Biases; the last two offline unless permitted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger, MLFlowLogger, TensorBoardLogger, WandbLogger

from cockpit.recorder.journal import warn
from cockpit.recorder.tags import known_trackers
from cockpit.runs.layout import ENV_TRACKERS, RunPaths


def loggers(run: RunPaths) -> list[Logger]:
    """What ``trackers`` in ``cockpit.toml`` names; a resume goes on where the attempt before it was tracked."""
    known = {tracker.kind: tracker.id for tracker in known_trackers(run)}
    made = []
    for kind in filter(None, os.environ.get(ENV_TRACKERS, "tensorboard").split(",")):
        try:
            made.append(_make(kind, run, known.get(kind)))
        except ModuleNotFoundError:
            warn(f"{kind} is not installed, so nothing is logged there: pip install 'cockpit-ml[{kind}]'")
    return made


def _make(kind: str, run: RunPaths, known: str | None) -> Logger:
    project = Path.cwd().name
    if kind == "mlflow":
        uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path.cwd() / 'mlflow.db'}"
        return MLFlowLogger(project, run.id, uri, artifact_location=_artifacts(uri), run_id=known)
    if kind == "wandb":
        # whether it may go online is said by WANDB_MODE, which a launch sets
        more: dict[str, Any] = {"resume": "allow"} if known else {}
        return WandbLogger(run.id, str(run.root), id=known, project=project, **more)
    return TensorBoardLogger(save_dir=str(run.root), name=RunPaths.tensorboard.name, version="")


def _artifacts(uri: str) -> str | None:
    """Beside the database, whatever the folder is that ``mlflow ui`` is started in; a server decides for itself."""
    return None if uri.startswith("http") else (Path.cwd() / "mlruns").as_uri()


def finish(trackers: list[Logger]) -> None:
    """Have the last words on the disk before the process goes: W&B keeps them in a process of its own."""
    for tracker in trackers:
        if isinstance(tracker, WandbLogger):
            tracker.experiment.finish()
