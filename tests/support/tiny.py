"""A tiny training: prints one line per optimizer step (``step loss-as-hex``) and, at the end, a hash of the weights."""

import os
import signal
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.strategies import DDPStrategy
from support.fits import digest
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

from cockpit.recorder import ranks
from cockpit.recorder.autoload import exact_resume
from cockpit.recorder.sampler import EpochSampler
from cockpit.runs import requests
from cockpit.runs.layout import ENV_RUN_DIR, RunPaths

SAMPLES, BATCH = 48, 4


@dataclass(frozen=True)
class Options:
    """What to train, and how it ends."""

    folder: Path
    resume: Path | None = None
    epochs: int = 3
    save_every: int | None = 4  # steps; None is at the end of every epoch
    validate_every: int = 6
    validation_batches: int = 1
    accumulate: int = 1
    workers: int = 0
    processes: int = 1
    timeout: float = 60.0  # seconds that a collective may take
    pace: float = 0.0  # seconds per batch
    exact: bool = True
    nan_at: int | None = None  # the loss of this step, and all weights after it
    raise_at: int | None = None
    raise_on_batch: int | None = None  # of an epoch, from 0
    raise_in_validation: int | None = None  # at this step
    die_at: int | None = None
    die_in_validation: int | None = None
    die_in_save: int | None = None
    stop_at: int | None = None  # by trainer.should_stop
    ask_at: int | None = None  # at this step somebody asks for the changes below, and every step is a look
    ask: tuple = ()  # dicts of values, one request each
    verbs: tuple = ()  # and for these, without values
    schedule: str | None = None  # of the learning rate: a key of SCHEDULES
    patience: int | None = None  # of an early stopping


SCHEDULES = {
    "cosine": lambda optimizer, steps: lr_scheduler.CosineAnnealingLR(optimizer, steps, eta_min=1e-4),
    "lambda": lambda optimizer, steps: lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / (2 * steps)),
    "one-cycle": lambda optimizer, steps: lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps),
    "warm-up": lambda optimizer, steps: lr_scheduler.SequentialLR(
        optimizer,
        [lr_scheduler.LinearLR(optimizer, 0.1, total_iters=5), lr_scheduler.ExponentialLR(optimizer, 0.95)],
        [5],
    ),
}


class Tiny(LightningModule):
    def __init__(self, options):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 1))
        self.options = options

    def training_step(self, batch, batch_idx):
        time.sleep(self.options.pace)
        loss = ((self.net(batch[0]) - batch[1]) ** 2).mean()
        if self.global_step + 1 == self.options.nan_at:
            loss = loss * float("nan")
        if self.options.raise_at == self.global_step + 1 or self.options.raise_on_batch == batch_idx:
            raise ValueError("the data are cursed")
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        # draws random numbers, as some validations do
        loss = ((self.net(batch[0]) + torch.rand(1) - batch[1]) ** 2).mean()
        if self.global_step == self.options.raise_in_validation:
            raise ValueError("the validation data are cursed")
        self.log("val/loss", loss, sync_dist=self.options.processes > 1)

    def configure_optimizers(self):
        weights, biases = ([p for p in self.parameters() if p.dim() == d] for d in (2, 1))
        optimizer = torch.optim.AdamW([{"params": weights}, {"params": biases, "lr": 2e-2}], lr=1e-2)
        if self.options.schedule is None:
            return optimizer
        schedule = SCHEDULES[self.options.schedule](optimizer, int(self.trainer.estimated_stepping_batches))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Tell(Callback):
    """Prints the steps; dies where it is told to."""

    def __init__(self, options):
        self.options, self.last = options, 0

    def on_train_start(self, trainer, module):
        self.last = trainer.global_step

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if trainer.global_step == self.last:
            return
        self.last = trainer.global_step
        print(self.last, float(outputs["loss"]).hex(), flush=True)
        print("rates", self.last, *(g["lr"] for g in trainer.optimizers[0].param_groups), flush=True)
        if self.options.ask_at == self.last and trainer.is_global_zero:
            for values in self.options.ask:
                requests.send(RunPaths(self.options.folder), "modify", values)
            for verb in self.options.verbs:
                requests.send(RunPaths(self.options.folder), verb)
        if self.options.die_at == self.last:
            die()
        if self.options.stop_at == self.last:
            trainer.should_stop = True

    def on_validation_batch_end(self, trainer, *_):
        if not trainer.sanity_checking and self.options.die_in_validation == trainer.global_step:
            die()

    def on_save_checkpoint(self, trainer, module, checkpoint):
        if self.options.die_in_save == trainer.global_step:
            checkpoint["deadly"] = Deadly()


class Deadly:
    """Kills the process that pickles it."""

    def __reduce__(self):
        die()


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def loaders(options):
    x = torch.randn(SAMPLES, 4, generator=torch.Generator().manual_seed(1))
    data = TensorDataset(x, x.sum(1, keepdim=True))
    order = {"sampler": EpochSampler(SAMPLES, BATCH, seed=3)} if options.exact else {"shuffle": True}
    train = DataLoader(data, BATCH, num_workers=options.workers, generator=torch.Generator().manual_seed(0), **order)
    return train, DataLoader(TensorDataset(*data[: 8 * options.validation_batches]), 8)


def train(options):
    seed_everything(7, verbose=False)
    if options.ask or options.verbs:
        ranks.LOOK_EVERY = 0.0
    saver = ModelCheckpoint(
        every_n_train_steps=options.save_every, save_on_train_epoch_end=options.save_every is None, save_top_k=-1,
        filename="{step}",
    )  # fmt: skip
    callbacks = [saver, Tell(options)]
    if options.patience:
        callbacks.append(EarlyStopping("val/loss", patience=options.patience, min_delta=1e9))
    if ENV_RUN_DIR not in os.environ:
        saver.dirpath = str(options.folder)
        callbacks.append(exact_resume(Callback))
    strategy = DDPStrategy(process_group_backend="gloo", timeout=timedelta(seconds=options.timeout))
    trainer = Trainer(
        max_epochs=options.epochs, accelerator="cpu", devices=options.processes, callbacks=callbacks, logger=False,
        enable_progress_bar=False, enable_model_summary=False, accumulate_grad_batches=options.accumulate,
        default_root_dir=options.folder, val_check_interval=options.validate_every, num_sanity_val_steps=0,
        strategy=strategy if options.processes > 1 else "auto",
    )  # fmt: skip
    module = Tiny(options)
    trainer.fit(module, *loaders(options), ckpt_path=options.resume, weights_only=True if options.resume else None)
    print("hash", digest(module.state_dict()), flush=True)
