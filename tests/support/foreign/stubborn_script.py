"""A Lightning script that means to have the last word: it saves, evaluates and writes whatever becomes of its fit.

``python stubborn_script.py [--devices N] [--raise-at STEP]``; every file that it leaves is named for when it was made.
"""

import argparse
import atexit
import json
import os
from pathlib import Path

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, OnExceptionCheckpoint
from torch.utils.data import DataLoader, TensorDataset


class Net(LightningModule):
    def __init__(self, raise_at):
        super().__init__()
        self.net, self.raise_at = torch.nn.Linear(4, 1), raise_at

    def training_step(self, batch, _):
        if self.global_step == self.raise_at:
            raise ValueError("the data are cursed")
        loss = ((self.net(batch[0]) - batch[1]) ** 2).mean()
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, _):
        self.log("val_loss", ((self.net(batch[0]) - batch[1]) ** 2).mean())

    test_step = validation_step

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1e-3)


class Saver(Callback):
    def on_train_batch_end(self, trainer, *_):
        trainer.save_checkpoint("callback.ckpt")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("--raise-at", type=int, default=-1)
    arguments = parser.parse_args()
    Path("before.json").write_text(
        json.dumps({"offline": os.environ.get("HF_HUB_OFFLINE"), "tmp": os.environ["TMPDIR"]})
    )
    inputs = torch.randn(200, 4)
    data = TensorDataset(inputs, inputs.sum(1, keepdim=True))
    savers = [
        ModelCheckpoint("kept", every_n_train_steps=1, save_top_k=-1, save_last=True),
        OnExceptionCheckpoint("kept"),
    ]
    trainer = Trainer(
        max_epochs=5,
        accelerator="cpu",
        devices=arguments.devices,
        callbacks=[*savers, Saver()],
        enable_progress_bar=False,
    )
    model = Net(arguments.raise_at)
    atexit.register(Path("atexit").touch)
    trainer.validate(model, DataLoader(data, 50))
    try:
        trainer.fit(model, DataLoader(data, 10), DataLoader(data, 50))
    except BaseException:
        Path("caught").touch()
        raise
    finally:
        torch.save(model.state_dict(), "after.pt")
    trainer.test(model, DataLoader(data, 50))
    Path("uploaded").touch()


if __name__ == "__main__":
    main()
