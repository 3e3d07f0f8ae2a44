"""A pretrained causal language model that is trained on: all of it, or low-rank adapters (Hu et al., 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from lightning.pytorch import LightningModule
from torch import Tensor

from trainers.finetune.packing import IGNORED
from trainers.finetune.pretrained import digest, load_model, load_tokenizer
from trainers.gpt import decaying_adamw

_BASE = "base_digest"  # in a checkpoint: which weights its adapters belong to


class FineTune(LightningModule):
    """Predicts the next token of what is to be learnt; the rest is only read.

    A checkpoint holds what is trained: with LoRA a few megabytes, which need their base to be loaded.

    Args:
        base: a folder in transformers' format, or the name of a model on the hub.
        lora_rank: of the adapters; 0 trains every weight.
        lora_alpha: their weight is ``lora_alpha / lora_rank``.
        lora_dropout: probability, on what goes into an adapter.
        lora_targets: the layers that get one; all linear layers but the head by default.
        lr: peak learning rate, reached after ``warmup_steps``.
        min_lr_ratio: the learning rate at the end, as a share of ``lr``.
        warmup_steps: optimizer steps of linear warm-up.
        weight_decay: of matrices.
        gradient_checkpointing: compute activations twice instead of keeping them: less memory, a third more time.
        dtype: of the weights; adapters are always kept in float32.
    """

    def __init__(
        self,
        base: str,
        lora_rank: int = 8,
        lora_alpha: int = 16,
        lora_dropout: float = 0.0,
        lora_targets: list[str] | None = None,
        lr: float = 1e-3,
        min_lr_ratio: float = 0.1,
        warmup_steps: int = 20,
        weight_decay: float = 0.0,
        gradient_checkpointing: bool = False,
        dtype: str = "float32",
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        if Path(base).is_dir():
            self.hparams["base"] = str(Path(base).absolute())  # an export of its checkpoint is made elsewhere
        self.strict_loading = not lora_rank  # the base is not in a checkpoint of its adapters
        self.model = load_model(base, dtype)
        if lora_rank:
            self.model = _with_adapters(self.model, lora_rank, lora_alpha, lora_dropout, lora_targets)
        if gradient_checkpointing:
            self.model.gradient_checkpointing_enable({"use_reentrant": False})
            self.model.enable_input_require_grads()  # or nothing would flow past a frozen embedding

    def setup(self, stage: str) -> None:
        """How many tokens a row has.

        Raises:
            ValueError: more than the base has positions for.
        """
        self.tokens_per_sample = self.trainer.datamodule.context  # type: ignore[attr-defined]
        most = getattr(self.model.config, "max_position_embeddings", None)
        if most is not None and self.tokens_per_sample > most:
            base = self.hparams["base"]
            raise ValueError(
                f"rows of {self.tokens_per_sample} tokens are longer than the {most} positions of {base}; "
                f"set data.init_args.context to {most} or less"
            )

    def forward(self, input_ids: Tensor, position_ids: Tensor) -> Tensor:
        """Token ids and positions [B, T] to logits [B, T, vocabulary]."""
        logits: Tensor = self.model(input_ids=input_ids, position_ids=position_ids, use_cache=False).logits
        return logits

    def _loss(self, batch: dict[str, Tensor]) -> Tensor:
        """Mean cross-entropy in nats over the tokens that are learnt."""
        logits = self(batch["input_ids"], batch["position_ids"])[:, :-1].float()
        return F.cross_entropy(logits.flatten(0, 1), batch["labels"][:, 1:].flatten(), ignore_index=IGNORED)

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        """The loss of one batch of rows."""
        loss = self._loss(batch)
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Logs the mean over all tokens of the validation rows that are learnt."""
        learnt = int((batch["labels"] != IGNORED).sum())
        self.log("val/loss", self._loss(batch), prog_bar=True, batch_size=learnt)

    def configure_optimizers(self) -> Any:
        """AdamW, decaying matrices only; warm-up then cosine, stepped every optimizer step."""
        return decaying_adamw(self)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Leave out what is not trained, and name what it belongs to."""
        if self.hparams["lora_rank"]:
            trained = {name for name, parameter in self.named_parameters() if parameter.requires_grad}
            state = checkpoint["state_dict"]
            checkpoint["state_dict"] = {name: tensor for name, tensor in state.items() if name in trained}
            checkpoint[_BASE] = digest(self.hparams["base"])

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse adapters of another base.

        Raises:
            ValueError: the base has changed since they were trained.
        """
        _expect_base(checkpoint, self.hparams["base"])


def _with_adapters(model: Any, rank: int, alpha: int, dropout: float, targets: list[str] | None) -> Any:
    from peft import LoraConfig, get_peft_model
    from transformers.pytorch_utils import Conv1D

    config = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=targets or "all-linear",
        task_type="CAUSAL_LM", fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),
    )  # fmt: skip
    return get_peft_model(model, config)


def _expect_base(checkpoint: Mapping[str, Any], base: str) -> None:
    if checkpoint.get(_BASE) and checkpoint[_BASE] != digest(base):
        raise ValueError(f"the weights in {base} are not those that this checkpoint's adapters were trained on")


def merged(checkpoint: Mapping[str, Any]) -> tuple[Any, Any]:
    """The model of a checkpoint with its adapters merged in, and its tokenizer.

    Raises:
        ValueError: its base has changed since.
    """
    hparams = checkpoint["hyper_parameters"]
    _expect_base(checkpoint, hparams["base"])
    names = FineTune.__init__.__annotations__.keys() & hparams.keys()
    module = FineTune(**{name: hparams[name] for name in names})
    module.load_state_dict(checkpoint["state_dict"], strict=module.strict_loading)
    model = module.model.merge_and_unload() if hparams["lora_rank"] else module.model
    tokenizer = load_tokenizer(hparams["base"])
    model.config.pad_token_id = tokenizer.pad_token_id
    return model.eval(), tokenizer
