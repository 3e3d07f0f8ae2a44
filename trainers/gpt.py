"""A decoder-only transformer over bytes, after GPT-2 (Radford et al., 2019)."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from lightning.pytorch import LightningModule
from torch import Tensor, nn

VOCABULARY = 256  # bytes


class Attention(nn.Module):
    """Causal multi-head self-attention."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        dropout = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=dropout)
        out: Tensor = self.out(y.transpose(1, 2).reshape(batch, length, width))
        return out


class Block(nn.Module):
    """Pre-norm transformer block: attention, then a feed-forward layer of four times the width."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm_attention, self.norm_feed = nn.LayerNorm(width, bias=False), nn.LayerNorm(width, bias=False)
        self.attention = Attention(width, heads, dropout)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width, bias=False), nn.GELU(), nn.Linear(4 * width, width, bias=False)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        x = x + self.dropout(self.attention(self.norm_attention(x)))
        out: Tensor = x + self.dropout(self.feed(self.norm_feed(x)))
        return out


class GPT(LightningModule):
    """Predicts the next byte.

    Args:
        context: bytes seen at once.
        layers: transformer blocks.
        heads: attention heads per block; divides ``width``.
        width: channels of the residual stream.
        dropout: probability, on residual branches and attention.
        lr: peak learning rate, reached after ``warmup_steps``.
        min_lr_ratio: the learning rate at the end, as a share of ``lr``.
        warmup_steps: optimizer steps of linear warm-up.
        weight_decay: of matrices; vectors (norms) are not decayed.
        betas: of AdamW.
        compile: compile the model with ``torch.compile``.
    """

    def __init__(
        self,
        context: int = 128,
        layers: int = 4,
        heads: int = 4,
        width: int = 128,
        dropout: float = 0.0,
        lr: float = 3e-3,
        min_lr_ratio: float = 0.1,
        warmup_steps: int = 50,
        weight_decay: float = 0.1,
        betas: tuple[float, float] = (0.9, 0.95),
        compile: bool = False,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.tokens_per_sample = context
        self.embed = nn.Embedding(VOCABULARY, width)
        self.place = nn.Embedding(context, width)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width, bias=False)
        self.head = nn.Linear(width, VOCABULARY, bias=False)
        self.head.weight = self.embed.weight  # tied: Press & Wolf, 2017
        self._initialise(layers)
        if compile:
            self.compile()

    def _initialise(self, layers: int) -> None:
        """N(0, 0.02), residual projections scaled by 1/sqrt(2 x layers), as in GPT-2."""
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                scale = 1 / math.sqrt(2 * layers) if name.endswith(("out.weight", "feed.2.weight")) else 1.0
                nn.init.normal_(parameter, std=0.02 * scale)

    def forward(self, tokens: Tensor) -> Tensor:
        """Token ids [B, T] to logits [B, T, 256]."""
        places = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.drop(self.embed(tokens) + self.place(places))
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.head(self.norm(x))
        return logits

    def _loss(self, batch: Tensor) -> Tensor:
        """Mean cross-entropy in nats per byte over windows [B, T + 1]."""
        logits = self(batch[:, :-1])
        return F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        """The loss of one batch of windows [B, T + 1]."""
        loss = self._loss(batch)
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        """Logs the mean over the validation windows."""
        self.log("val/loss", self._loss(batch), prog_bar=True)

    def test_step(self, batch: Tensor, batch_idx: int) -> None:
        """Logs the mean over the test windows."""
        self.log("test/loss", self._loss(batch))

    def configure_optimizers(self) -> Any:
        """AdamW, decaying matrices only; warm-up then cosine, stepped every optimizer step."""
        return decaying_adamw(self, betas=tuple(self.hparams["betas"]))


def decaying_adamw(module: LightningModule, betas: tuple[float, float] = (0.9, 0.999)) -> Any:
    """AdamW over what is trained, decaying matrices only, with warm-up and cosine at every optimizer step.

    Args:
        module: its hyperparameters are ``lr``, ``min_lr_ratio``, ``warmup_steps`` and ``weight_decay``.
        betas: of AdamW.
    """
    hparams, steps = module.hparams, int(module.trainer.estimated_stepping_batches)
    trained = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.dim() >= 2], "weight_decay": hparams["weight_decay"]},
        {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], lr=hparams["lr"], betas=betas)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: warmup_cosine(step, hparams["warmup_steps"], steps, hparams["min_lr_ratio"])
    )
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def warmup_cosine(step: int, warmup: int, total: int, floor: float) -> float:
    """Share of the peak learning rate at ``step``: linear warm-up, then half a cosine down to ``floor``.

    After Loshchilov & Hutter, 2017 (SGDR, without restarts).
    """
    if step < warmup:
        return (step + 1) / warmup
    progress = min(1.0, (step - warmup) / max(1, total - warmup))
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress))
