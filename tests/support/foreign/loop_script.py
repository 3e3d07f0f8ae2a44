"""A bare PyTorch loop that writes event files, and knows of nothing else."""

import time

import torch
from torch.utils.tensorboard import SummaryWriter

if __name__ == "__main__":
    torch.manual_seed(3)
    net = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
    inputs = torch.randn(200, 4)
    targets = inputs.sum(1, keepdim=True)
    with SummaryWriter("logs") as writer:
        for step in range(100_000):
            time.sleep(0.01)
            loss = ((net(inputs) - targets) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            writer.add_scalar("Loss/train", loss.item(), step)
            if step % 20 == 0:
                writer.add_scalar("Loss/val", loss.item() * 1.1, step)
