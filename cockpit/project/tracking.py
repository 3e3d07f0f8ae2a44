"""Which trackers the runs of a project are followed by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cockpit.project.folders import Project


def chosen_trackers(project: Project) -> tuple[str, ...]:
    """What ``cockpit.toml`` says; else TensorBoard, and what the project uses already."""
    return project.settings.trackers or ("tensorboard", *_in_use(project.root))


def _in_use(root: Path) -> Iterator[str]:
    if (root / "wandb").is_dir() or (root / ".wandb").is_dir():
        yield "wandb"
    if (root / "mlruns").is_dir() or (root / "mlflow.db").exists():
        yield "mlflow"
