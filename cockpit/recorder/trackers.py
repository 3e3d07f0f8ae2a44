"""The trackers of a training: what they call the run, and what the cockpit has to say in their own words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cockpit.domain.secrets import redact
from cockpit.domain.trackers import Tracker
from cockpit.recorder.journal import warn

_SKIPPED = ("DummyLogger", "MetricsCatcher")


def describe(logger: Any) -> Tracker | None:
    """What a logger tracks and where, be it Lightning's, of either of its names, or a callback of transformers.

    None for one that keeps nothing, or has not begun.
    """
    kinds = {kind.__name__ for kind in type(logger).__mro__}
    if kinds.intersection(_SKIPPED):
        return None
    if "TensorBoardLogger" in kinds:
        return Tracker("tensorboard", str(Path(logger.log_dir).absolute()))
    if "TensorBoardCallback" in kinds:
        return Tracker("tensorboard", str(Path(logger.logging_dir).absolute())) if logger.logging_dir else None
    if "MLFlowLogger" in kinds:
        return Tracker("mlflow", redact(_absolute(logger._tracking_uri)), logger.run_id, str(logger.experiment_id))
    if "MLflowCallback" in kinds:
        uri, active = logger._ml_flow.get_tracking_uri(), logger._ml_flow.active_run()
        run = active.info if active is not None else None
        return Tracker("mlflow", redact(_absolute(uri)), run.run_id, str(run.experiment_id)) if run else None
    if "WandbLogger" in kinds:
        return _of_wandb(logger.experiment)
    if "WandbCallback" in kinds:
        return _of_wandb(logger._wandb.run)
    if "CSVLogger" in kinds:
        return Tracker("csv", str(Path(logger.log_dir).absolute()))
    place = getattr(logger, "save_dir", None)
    return Tracker(type(logger).__name__, str(Path(place).absolute()) if place else "")


def _of_wandb(run: Any) -> Tracker | None:
    if run is None:
        return None
    folder = str(Path(run.dir).parent)  # the files of a run lie in a folder of its own in there
    return Tracker("wandb", folder, str(run.id), str(run.project), "" if run.offline else str(run.url or ""))


def _absolute(uri: str) -> str:
    """A tracking URI that means the same in every folder."""
    head, slashes, path = uri.partition(":///")
    if head == "sqlite" and slashes and not path.startswith("/"):
        return f"sqlite:///{Path(path).absolute()}"
    if "://" not in uri and not uri.startswith(("file:", "databricks")):
        return str(Path(uri).absolute())
    return uri


def tellable(logger: Any) -> bool:
    """Whether it takes words as well as numbers."""
    return _teller(logger) is not None


def tell(loggers: list[Any], title: str, text: str, step: int) -> None:
    """Say something in every tracker, at its step; one that cannot take it is told of on stderr."""
    for logger in loggers:
        teller = _teller(logger)
        if teller is not None:
            try:
                teller(logger, title, redact(text), step)
            except Exception as error:  # a server that is gone must not end a training
                warn(f"{type(logger).__name__} did not take a {title} ({error!r}); training goes on")


def _teller(logger: Any) -> Callable[[Any, str, str, int], None] | None:
    return next((_TELLERS[kind.__name__] for kind in type(logger).__mro__ if kind.__name__ in _TELLERS), None)


def _to_tensorboard(writer: Any, title: str, text: str, step: int) -> None:
    if writer is not None:
        writer.add_text(f"cockpit/{title}", text.replace("\n", "\n\n"), step)  # it reads Markdown
        writer.flush()


def _to_mlflow(client: Any, run_id: str, title: str, text: str, step: int) -> None:
    client.set_tag(run_id, f"cockpit.{title.replace('/', '.')}.{step}", text[:5000])


def _to_mlflow_of(callback: Any, title: str, text: str, step: int) -> None:
    active = callback._ml_flow.active_run()  # without one, a tag would begin another run
    if active is not None:
        _to_mlflow(callback._ml_flow.MlflowClient(), active.info.run_id, title, text, step)


def _to_wandb(run: Any, title: str, text: str, step: int) -> None:
    if run is not None:
        run.summary.update({f"cockpit/{title}/{step}": text})


_TELLERS: dict[str, Callable[[Any, str, str, int], None]] = {
    "TensorBoardLogger": lambda logger, *said: _to_tensorboard(logger.experiment, *said),
    "MLFlowLogger": lambda logger, *said: _to_mlflow(logger.experiment, logger.run_id, *said),
    "WandbLogger": lambda logger, *said: _to_wandb(logger.experiment, *said),
    "TensorBoardCallback": lambda callback, *said: _to_tensorboard(callback.tb_writer, *said),
    "MLflowCallback": _to_mlflow_of,
    "WandbCallback": lambda callback, *said: _to_wandb(callback._wandb.run, *said),
}
