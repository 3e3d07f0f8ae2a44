"""The command line of the trainers: LightningCLI, with logs and checkpoints at home in a cockpit run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from cockpit.recorder.autoload import exact_resume
from cockpit.recorder.stages import stages
from cockpit.runs.layout import ENV_RUN_DIR, RunPaths
from trainers.tracking import finish, loggers


class TrainersCLI(LightningCLI):
    """Reports the steps before training, and keeps everything a run makes inside its directory."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """One option of our own: whether the best weights are tested when the fit is done."""
        parser.add_argument("--test_after_fit", type=bool, default=False, help="test the best weights after fit")

    def before_instantiate_classes(self) -> None:
        """The config has been read."""
        config = self.config[self.subcommand]
        name = getattr(config.config[0], "relative", None) if config.config else None
        stages().report("training", "load config", "done", detail=f"{name or 'command line'}")

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Tracking is set up here: what the config says, else the run's trackers, else Lightning's default."""
        run = os.environ.get(ENV_RUN_DIR)
        if run:
            kwargs.setdefault("default_root_dir", run)
            kwargs["enable_progress_bar"] = False
            if self._get(self.config_init, "trainer").logger in (None, True):
                kwargs["logger"] = loggers(RunPaths(Path(run)))
        trainer: Trainer = super().instantiate_trainer(**kwargs)
        if not run:  # the recorder brings its own when a cockpit launches us
            trainer.callbacks.insert(0, exact_resume(Callback))  # type: ignore[attr-defined]
        names = ", ".join(type(logger).__name__.removesuffix("Logger") for logger in trainer.loggers)
        stages().report("training", "set up tracking", "done", detail=names or "off")
        return trainer

    def before_fit(self) -> None:
        """Model and data exist; say how large the model is, unless it waits for the data to tell."""
        if count := sum(p.numel() for p in self.model.parameters()):
            detail = f"{type(self.model).__name__}, {count / 1e6:.2f} M parameters"
            stages().report("training", "initialise model", "done", detail=detail)
        if self.config[self.subcommand].get("ckpt_path"):
            stages().report("training", "load checkpoint", "running")

    def after_fit(self) -> None:
        """Test the best weights, where the config asks for it."""
        if self.config[self.subcommand].test_after_fit and not self.trainer.interrupted:
            self.trainer.test(self.model, self.datamodule, ckpt_path="best", weights_only=True)
        finish(self.trainer.loggers)


def main(arguments: list[str] | None = None) -> None:
    """Parse and run."""
    TrainersCLI(
        LightningModule,
        LightningDataModule,
        subclass_mode_model=True,
        subclass_mode_data=True,
        # the run directory keeps the exact file already, and a second copy would refuse to be overwritten
        save_config_callback=None,
        seed_everything_default=42,
        args=arguments,
    )
