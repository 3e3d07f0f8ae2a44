"""A tiny training as its own process: ``python tiny.py FOLDER [--resume CKPT] [--die-at STEP] [...]``.

Prints one line per optimizer step (``step loss-as-hex``) and, at the end, a hash of the parameters.
"""

import argparse
import hashlib
import os
import signal

import torch
from lightning.pytorch import Callback, LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader, TensorDataset

from cockpit.recorder.autoload import exact_resume
from cockpit.recorder.exact import EpochSampler

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--resume")
parser.add_argument("--die-at", type=int)
parser.add_argument("--nan-at", type=int)
parser.add_argument("--raise-at", type=int)
parser.add_argument("--save-every", type=int, default=4)
parser.add_argument("--accumulate", type=int, default=1)
parser.add_argument("--workers", type=int, default=0)
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--delay", type=float, default=0.0)
options = parser.parse_args()


class Tiny(LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1))

    def training_step(self, batch, _):
        import time

        time.sleep(options.delay)
        loss = ((self.net(batch[0]) - batch[1]) ** 2).mean()
        if options.nan_at is not None and self.global_step == options.nan_at:
            loss = loss * float("nan")
        if options.raise_at is not None and self.global_step == options.raise_at:
            raise ValueError("the data are cursed")
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch, _):
        # draws random numbers, as some validations do
        self.log("val/loss", ((self.net(batch[0]) + torch.rand(1)) ** 2).mean())

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=1e-2)


class Tell(Callback):
    last = 0

    def on_train_start(self, trainer, module):
        self.last = trainer.global_step

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if trainer.global_step == self.last:
            return
        self.last = trainer.global_step
        print(self.last, float(outputs["loss"]).hex(), flush=True)
        if options.die_at == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def main():
    seed_everything(7, verbose=False)
    torch.set_num_threads(1)
    x = torch.randn(48, 4, generator=torch.Generator().manual_seed(1))
    y = x.sum(1, keepdim=True)
    sampler = EpochSampler(48, 4, seed=3)
    train = DataLoader(
        TensorDataset(x, y), 4, sampler=sampler, num_workers=options.workers, generator=torch.Generator().manual_seed(0)
    )
    val = DataLoader(TensorDataset(x[:8], y[:8]), 8, generator=torch.Generator().manual_seed(0))
    model = Tiny()
    callbacks = [ModelCheckpoint(every_n_train_steps=options.save_every, save_top_k=-1, filename="{step}"), Tell()]
    if "COCKPIT_RUN_DIR" in os.environ:
        callbacks[0].dirpath = None
    else:
        callbacks[0].dirpath = options.folder
        callbacks.append(exact_resume(Callback))
    trainer = Trainer(
        max_epochs=options.epochs, accelerator="cpu", devices=1, callbacks=callbacks, logger=False,
        enable_progress_bar=False, enable_model_summary=False, accumulate_grad_batches=options.accumulate,
        default_root_dir=options.folder, val_check_interval=6, num_sanity_val_steps=0,
    )  # fmt: skip
    trainer.fit(model, train, val, ckpt_path=options.resume, weights_only=True if options.resume else None)
    digest = hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in model.parameters())).hexdigest()
    print("hash", digest, flush=True)


if __name__ == "__main__":
    main()
