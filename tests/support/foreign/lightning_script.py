"""A plain Lightning script, as people write them."""

import argparse
import time

import torch
from lightning.pytorch import LightningModule, Trainer, seed_everything
from torch.utils.data import DataLoader, TensorDataset


class Net(LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(4, 1)

    def training_step(self, batch, _):
        time.sleep(0.01)
        loss = ((self.net(batch[0]) - batch[1]) ** 2).mean()
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, _):
        self.log("val_loss", ((self.net(batch[0]) - batch[1]) ** 2).mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1e-3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=10_000)
    parser.add_argument("--resume", default=None)
    arguments = parser.parse_args()
    seed_everything(3)
    inputs = torch.randn(200, 4)
    data = TensorDataset(inputs, inputs.sum(1, keepdim=True))
    Trainer(max_epochs=arguments.epochs, accelerator="cpu", devices=1).fit(
        Net(), DataLoader(data, 10, shuffle=True), DataLoader(data, 50), ckpt_path=arguments.resume
    )
