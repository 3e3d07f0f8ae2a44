"""A LightningCLI project: its configs lie in configs/."""

import time

import torch
from lightning.pytorch import LightningDataModule, LightningModule
from lightning.pytorch.cli import LightningCLI
from torch.utils.data import DataLoader, TensorDataset


class Net(LightningModule):
    def __init__(self, lr: float = 1e-3):
        super().__init__()
        self.lr, self.net = lr, torch.nn.Linear(4, 1)

    def training_step(self, batch, _):
        time.sleep(0.01)
        loss = ((self.net(batch[0]) - batch[1]) ** 2).mean()
        self.log("loss/train", loss)
        return loss

    def validation_step(self, batch, _):
        self.log("loss/val", ((self.net(batch[0]) - batch[1]) ** 2).mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.lr)


class Data(LightningDataModule):
    def setup(self, stage):
        inputs = torch.randn(200, 4)
        self.data = TensorDataset(inputs, inputs.sum(1, keepdim=True))

    def train_dataloader(self):
        return DataLoader(self.data, 10, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.data, 50)


if __name__ == "__main__":
    LightningCLI(Net, Data)
