"""Fine-tuning of a causal language model through transformers, whole or by LoRA (extra ``[finetune]``)."""

from trainers.finetune.data import Texts
from trainers.finetune.module import FineTune

__all__ = ["FineTune", "Texts"]
