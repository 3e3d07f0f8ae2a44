"""A small real Lightning fit: ``python -m trainers fit --config FILE [--ckpt_path FILE]``.

The config's ``fake`` section steers it: ``pace`` (seconds per step), ``validate_every`` (steps), ``validation``
(seconds one takes), ``raise_at`` (step).
"""

import sys
import time
from pathlib import Path

import torch
import yaml
from lightning.pytorch import LightningModule, Trainer, seed_everything
from torch.utils.data import DataLoader, TensorDataset


class Tiny(LightningModule):
    def __init__(self, pace, validation, raise_at):
        super().__init__()
        self.net = torch.nn.Linear(4, 1)
        self.pace, self.validation, self.raise_at = pace, validation, raise_at

    def training_step(self, batch, _):
        time.sleep(self.pace)
        print("step", self.global_step)
        if self.global_step == self.raise_at:
            raise ValueError("the data are cursed")
        return ((self.net(batch[0]) - batch[1]) ** 2).mean()

    def validation_step(self, batch, _):
        time.sleep(self.validation)
        self.log("val/loss", ((self.net(batch[0]) - batch[1]) ** 2).mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1e-3)


def main(words):
    config = yaml.safe_load(Path(words[words.index("--config") + 1]).read_text())
    checkpoint = words[words.index("--ckpt_path") + 1] if "--ckpt_path" in words else None
    fake = config["fake"]
    torch.set_num_threads(1)
    seed_everything(config["seed_everything"], verbose=False)
    inputs = torch.randn(4000, 4)
    data = TensorDataset(inputs, inputs.sum(1, keepdim=True))
    validated = DataLoader(TensorDataset(*data[:4]), 4) if "validate_every" in fake else None
    trainer = Trainer(
        max_steps=config["trainer"]["max_steps"], accelerator="cpu", devices=1, logger=False,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0,
        val_check_interval=fake.get("validate_every"), check_val_every_n_epoch=None,
    )  # fmt: skip
    model = Tiny(fake.get("pace", 0.02), fake.get("validation", 0.0), fake.get("raise_at"))
    trainer.fit(model, DataLoader(data, 4), validated, ckpt_path=checkpoint, weights_only=bool(checkpoint) or None)


if __name__ == "__main__":
    main(sys.argv)
