"""A training on the GPU that counts how often its steps wait for the device."""

import time
import warnings
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer, seed_everything
from lightning.pytorch.plugins import MixedPrecision
from torch.utils.data import DataLoader, TensorDataset

WARM, STEPS = 20, 220  # steps; those between them are watched
PACE = 0.01  # seconds a step, so that what is done once a second is done among them


class Net(LightningModule):
    """Three layers."""

    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(64, 256), torch.nn.ReLU(), torch.nn.Linear(256, 1))

    def training_step(self, batch, _):
        time.sleep(PACE)
        loss = ((self.net(batch[0]) - batch[1]) ** 2).mean()
        self.log("train/loss", loss)
        self.log("spread", batch[1].std())
        return loss

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=1e-3)


class Waits(Callback):
    """Prints where the steps have waited for the GPU, as torch names it, and how often."""

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        if batch_idx == WARM:
            self.caught = warnings.catch_warnings(record=True)
            self.found = self.caught.__enter__()
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")

    def on_train_end(self, trainer, module):
        torch.cuda.set_sync_debug_mode("default")
        self.caught.__exit__(None, None, None)
        waits = [w for w in self.found if "synchroniz" in str(w.message)]
        print("waits", len(waits), flush=True)
        for place in sorted({f"{w.filename}:{w.lineno}" for w in waits}):
            print("at", place, flush=True)


def train(folder, precision, init_scale=2.0**16):
    """Watched steps; what is not of the recorder has no reason to wait."""
    seed_everything(1, verbose=False)
    x = torch.randn(STEPS * 8, 64)
    scaler = torch.amp.GradScaler("cuda", init_scale=init_scale) if precision == "16-mixed" else None
    how = {"plugins": [MixedPrecision(precision, "cuda", scaler)]} if scaler else {"precision": precision}
    trainer = Trainer(
        max_steps=STEPS, accelerator="gpu", devices=1, logger=False, callbacks=[Waits()], enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=Path(folder), **how,
    )  # fmt: skip
    trainer.fit(Net(), DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), 8))
