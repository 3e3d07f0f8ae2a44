"""``python train.py fit --config configs/baseline.yaml``: Lightning's own command line over the classes in src/."""

import os

from lightning.pytorch.cli import LightningCLI

if __name__ == "__main__":
    # a run of the cockpit keeps its logs at home
    home = {"default_root_dir": os.environ.get("COCKPIT_RUN_DIR", ".")}
    LightningCLI(trainer_defaults=home, seed_everything_default=42, save_config_kwargs={"overwrite": True})
