"""A real Lightning fit that gets into trouble: ``python troubled.py --config FILE [--ckpt_path FILE]``.

The config's ``fake`` section says which: ``leak`` (MiB a step), ``slow_sample`` (seconds each), ``nan_at``,
``hang_at`` (steps), ``pace`` (seconds a step).
"""

import sys
import time
from pathlib import Path

import torch
import yaml
from lightning.pytorch import LightningDataModule, LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader, Dataset

from cockpit.recorder.sampler import EpochSampler

SAMPLES, BATCH = 4000, 4


class Samples(Dataset):
    def __init__(self, slow):
        self.slow = slow
        self.x = torch.randn(SAMPLES, 4, generator=torch.Generator().manual_seed(0))

    def __len__(self):
        return SAMPLES

    def __getitem__(self, index):
        time.sleep(self.slow)
        return self.x[index], self.x[index].sum()[None]


class Data(LightningDataModule):
    fingerprint = "four columns and their sum"

    def __init__(self, slow):
        super().__init__()
        self.samples = Samples(slow)

    def train_dataloader(self):
        return DataLoader(self.samples, BATCH, sampler=EpochSampler(SAMPLES, BATCH, 0))


class Troubled(LightningModule):
    def __init__(self, trouble):
        super().__init__()
        self.net = torch.nn.Linear(4, 1)
        self.trouble, self.kept = trouble, []

    def training_step(self, batch, _):
        step = self.global_step + 1
        time.sleep(self.trouble.get("pace", 0.0))
        if step == self.trouble.get("hang_at"):
            time.sleep(3600)
        if "leak" in self.trouble:
            self.kept.append(torch.ones(int(self.trouble["leak"] * 2**18)))
        prediction = self.net(batch[0])
        if step == self.trouble.get("nan_at"):
            prediction = (prediction - prediction.detach() - 1).sqrt()
        loss = ((prediction - batch[1]) ** 2).mean()
        self.log("train/loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1e-3)


def main(words):
    config = yaml.safe_load(Path(words[words.index("--config") + 1]).read_text())
    checkpoint = words[words.index("--ckpt_path") + 1] if "--ckpt_path" in words else None
    trouble = config["fake"]
    torch.set_num_threads(1)
    seed_everything(config["seed_everything"], verbose=False)
    saver = ModelCheckpoint(every_n_train_steps=trouble.get("save_every", 5), save_top_k=-1, filename="{step}")
    trainer = Trainer(
        max_steps=config["trainer"]["max_steps"], accelerator="cpu", devices=1, logger=False, callbacks=[saver],
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    data = Data(trouble.get("slow_sample", 0.0))
    trainer.fit(Troubled(trouble), data, ckpt_path=checkpoint, weights_only=bool(checkpoint) or None)


if __name__ == "__main__":
    main(sys.argv)
