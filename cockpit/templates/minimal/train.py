"""``python train.py --config configs/minimal.yaml``: a plain PyTorch loop that writes what TensorBoard reads."""

import argparse
import os
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
import yaml
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

FEATURES = 8


def make_data(rows: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Inputs [N, F] and targets [N, 1] of a function with noise: put your own data here."""
    x = torch.randn(rows, FEATURES, generator=generator)
    y = x[:, :2].prod(dim=1, keepdim=True) + x[:, 2:3].sin()
    return x, y + 0.1 * torch.randn(rows, 1, generator=generator)


def train(config: dict[str, Any], logs: Path) -> float:
    """Train by one config; returns the last validation loss (mean squared error)."""
    generator = torch.Generator().manual_seed(config["seed"])
    torch.manual_seed(config["seed"])
    (x, y), (val_x, val_y) = make_data(config["rows"], generator), make_data(512, generator)
    model = nn.Sequential(nn.Linear(FEATURES, config["hidden"]), nn.GELU(), nn.Linear(config["hidden"], 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=config["lr"])
    step, val_loss = 0, float("nan")
    with SummaryWriter(logs) as writer:
        for epoch in range(config["epochs"]):
            for batch in torch.randperm(len(x), generator=generator).split(config["batch_size"]):
                loss = F.mse_loss(model(x[batch]), y[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                step += 1
                writer.add_scalar("train/loss", loss.item(), step)
            with torch.no_grad():
                val_loss = F.mse_loss(model(val_x), val_y).item()
            writer.add_scalar("val/loss", val_loss, step)
            print(f"epoch {epoch + 1}/{config['epochs']}: val/loss {val_loss:.4f}", flush=True)
    torch.save(model.state_dict(), logs / "model.pt")
    return val_loss


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, default=Path("configs/minimal.yaml"))
    arguments = parser.parse_args()
    # a run of the cockpit keeps its logs at home
    home = os.environ.get("COCKPIT_RUN_DIR")
    folder = Path(home, "tensorboard") if home else Path("logs", arguments.config.stem)
    train(yaml.safe_load(arguments.config.read_text()), folder)
