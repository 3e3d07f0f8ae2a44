"""The format of transformers: what ``cockpit export --format hf`` makes of a checkpoint of our language models.

A :class:`trainers.gpt.GPT` becomes a ``GPT2LMHeadModel`` whose biases are zero, with a tokenizer whose tokens are
bytes; the logits are the same. A :class:`trainers.finetune.FineTune` becomes its base with the adapter merged in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from trainers.gpt import VOCABULARY

END = "\0"  # between two texts, in training data as after an answer
_CHAT = (
    "{% for message in messages %}{{ '# ' + message['role'] + '\\n' + message['content'] }}"
    "{{ eos_token if message['role'] == 'assistant' else '\\n' }}{% endfor %}"
    "{{ '# assistant\\n' if add_generation_prompt }}"
)
_NAMES = (
    (r"embed\.weight", "transformer.wte.weight"),
    (r"place\.weight", "transformer.wpe.weight"),
    (r"norm\.weight", "transformer.ln_f.weight"),
    (r"blocks\.(\d+)\.norm_attention\.weight", r"transformer.h.\1.ln_1.weight"),
    (r"blocks\.(\d+)\.norm_feed\.weight", r"transformer.h.\1.ln_2.weight"),
    (r"blocks\.(\d+)\.attention\.qkv\.weight", r"transformer.h.\1.attn.c_attn.weight"),
    (r"blocks\.(\d+)\.attention\.out\.weight", r"transformer.h.\1.attn.c_proj.weight"),
    (r"blocks\.(\d+)\.feed\.0\.weight", r"transformer.h.\1.mlp.c_fc.weight"),
    (r"blocks\.(\d+)\.feed\.2\.weight", r"transformer.h.\1.mlp.c_proj.weight"),
)


def write(content: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Weights, config and tokenizer of a checkpoint, as ``AutoModelForCausalLM.from_pretrained`` reads them.

    Args:
        content: of a Lightning checkpoint.
        folder: where to; it exists.

    Returns:
        What was written, for a model card.

    Raises:
        ValueError: the checkpoint is of another model.
    """
    hparams, state = content.get("hyper_parameters", {}), content.get("state_dict", {})
    if "embed.weight" in state:
        model, tokenizer = as_gpt2(hparams, state), byte_tokenizer(hparams["context"])
    elif "base" in hparams:
        from trainers.finetune.module import merged

        model, tokenizer = merged(content)
    else:
        raise ValueError("only checkpoints of trainers.gpt and trainers.finetune have a form in transformers")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    parameters = {parameter.data_ptr(): parameter for parameter in model.parameters()}.values()
    return {
        "tensors": len(parameters),
        "parameters": sum(parameter.numel() for parameter in parameters),
        "types": sorted({str(parameter.dtype).removeprefix("torch.") for parameter in parameters}),
        "tied": {},
        "load": "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
        'model, tokenizer = (kind.from_pretrained(".") for kind in (AutoModelForCausalLM, AutoTokenizer))',
    }


def as_gpt2(hparams: Mapping[str, Any], state: Mapping[str, Tensor]) -> Any:
    """The weights of our GPT in a ``GPT2LMHeadModel``.

    GPT-2 has the same order of operations, learned positions and tied embeddings; it keeps matrices transposed, has
    biases (zero here) and an approximate GELU (exact here).
    """
    from transformers import GPT2Config, GPT2LMHeadModel

    dropout = hparams["dropout"]
    config = GPT2Config(
        vocab_size=VOCABULARY, n_positions=hparams["context"], n_embd=hparams["width"], n_layer=hparams["layers"],
        n_head=hparams["heads"], activation_function="gelu", resid_pdrop=dropout, embd_pdrop=dropout,
        attn_pdrop=dropout, bos_token_id=None, eos_token_id=ord(END), pad_token_id=ord(END),
    )  # fmt: skip
    model: Any = GPT2LMHeadModel(config)
    target = model.state_dict()
    for tensor in target.values():
        if tensor.dim() == 1:
            tensor.zero_()
    for ours, tensor in state.items():
        if ours != "head.weight":  # tied
            theirs = _renamed(ours)
            transposed = ".h." in theirs and tensor.dim() == 2
            target[theirs].copy_(tensor.T if transposed else tensor)
    return model.eval()


def _renamed(name: str) -> str:
    for pattern, theirs in _NAMES:
        if match := re.fullmatch(pattern, name):
            return match.expand(theirs)
    raise ValueError(f"{name} is no weight of trainers.gpt")


def byte_tokenizer(context: int) -> Any:
    """A tokenizer whose token ids are the bytes of UTF-8, with a chat template of plain headings."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {character: byte for byte, character in enumerate(_characters())}
    del vocabulary[_characters()[ord(END)]]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary | {END: ord(END)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    kind: Any = PreTrainedTokenizerFast
    return kind(
        tokenizer_object=tokenizer, eos_token=END, pad_token=END, model_max_length=context,
        clean_up_tokenization_spaces=False, chat_template=_CHAT,
    )  # fmt: skip


def _characters() -> list[str]:
    """The printable character that stands for each byte in a byte-level vocabulary (GPT-2, ``bytes_to_unicode``)."""
    shown = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte if byte in shown else next(others)) for byte in range(256)]
