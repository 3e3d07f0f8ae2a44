"""``python -m trainers.finetune.generate FOLDER PROMPT``: what an exported model says."""

from __future__ import annotations

import argparse
from typing import Any

import torch

from trainers.finetune.pretrained import load_model, load_tokenizer


def answer(folder: str, prompt: str, *, chat: bool = True, most: int = 64, temperature: float = 0.0) -> str:
    """How the model goes on.

    Args:
        folder: in transformers' format.
        prompt: a question, or with ``chat=False`` the beginning of a text.
        chat: lay the prompt out by the tokenizer's chat template.
        most: new tokens.
        temperature: of the draws; 0 takes the likeliest token.
    """
    tokenizer, model = load_tokenizer(folder), load_model(folder).eval()
    text = prompt
    if chat and tokenizer.chat_template:
        asked = [{"role": "user", "content": prompt}]
        text = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    given = tokenizer(text, add_special_tokens=not chat, return_tensors="pt")
    length = given["input_ids"].shape[1]
    room = getattr(model.config, "max_position_embeddings", length + most) - length
    if room < 1:
        raise ValueError(f"the prompt takes {length} tokens, and the model sees {length + room}")
    options: dict[str, Any] = {"do_sample": True, "temperature": temperature} if temperature else {"do_sample": False}
    with torch.inference_mode():
        made = model.generate(
            **given, max_new_tokens=min(most, room), pad_token_id=tokenizer.pad_token_id or tokenizer.eos_token_id,
            **options,
        )  # fmt: skip
    said: str = tokenizer.decode(made[0, length:], skip_special_tokens=True)
    return said


def main(words: list[str] | None = None) -> None:
    """Parse, and print the answer."""
    parser = argparse.ArgumentParser(prog="python -m trainers.finetune.generate", description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("prompt")
    parser.add_argument("--plain", action="store_true", help="the prompt is the beginning of a text, not a question")
    parser.add_argument("--tokens", type=int, default=64, help="at most so many new ones")
    parser.add_argument("--temperature", type=float, default=0.0, help="0 takes the likeliest token")
    given = parser.parse_args(words)
    print(answer(given.folder, given.prompt, chat=not given.plain, most=given.tokens, temperature=given.temperature))


if __name__ == "__main__":
    main()
