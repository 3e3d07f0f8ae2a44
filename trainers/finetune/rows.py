"""Rows of a file as tokens: what the model reads, and of that what it is to learn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cockpit.recorder.stages import stages

Row = Mapping[str, Any]
Piece = tuple[str, bool]  # text, and whether it is learnt
FORMS = "text, prompt and completion, or messages"


def read_rows(path: Path) -> list[Row]:
    """The rows of a ``.jsonl``, ``.csv`` or ``.parquet`` file.

    Raises:
        FileNotFoundError: there is no such file.
        ModuleNotFoundError: Parquet cannot be read here.
        ValueError: it is none of these, or holds something else than its name says.
    """
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        ".jsonl": lambda file: pd.read_json(file, lines=True, dtype=False),
        ".csv": lambda file: pd.read_csv(file, dtype=str, keep_default_na=False),
        ".parquet": _read_parquet,
    }
    if path.suffix not in readers:
        raise ValueError(f"{path}: only {', '.join(readers)} are read")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        frame = readers[path.suffix](path)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except ImportError:
        raise ModuleNotFoundError(f"{path}: Parquet needs pyarrow: pip install 'cockpit-ml[finetune]'") from None


def check_rows(rows: Sequence[Row]) -> dict[str, Row]:
    """Step 1: each row once, by the SHA-256 of its content; what cannot be used is counted.

    Raises:
        ValueError: none can be used.
    """
    good: dict[str, Row] = {}
    unusable = copies = 0
    for row in rows:
        if not is_usable(row):
            unusable += 1
            continue
        digest = hashlib.sha256(json.dumps(row, sort_keys=True, default=list).encode()).hexdigest()
        copies += digest in good
        good[digest] = row
    if not good:
        raise ValueError(f"no row has {FORMS}")
    detail = f"{len(rows):,} rows, {unusable} unusable, {copies} duplicate"
    stages().report("data", "validate raw data", "done", detail=detail)
    return good


def is_usable(row: Row) -> bool:
    """Whether a row has one of the three forms, with something in it to learn."""
    messages = row.get("messages")
    if messages is not None and not isinstance(messages, (str, float)):
        whole = all(isinstance(m, Mapping) and _text(m.get("role")) and _text(m.get("content")) for m in messages)
        return whole and any(m["role"] == "assistant" for m in messages)
    return _text(row.get("text")) or (_text(row.get("prompt")) and _text(row.get("completion")))


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def pieces(row: Row, tokenizer: Any) -> Iterator[Piece]:
    """A row cut into what is given and what is learnt: answers where there are questions, else all of it.

    Conversations, and questions with an answer, are laid out by the tokenizer's chat template. Each piece is
    tokenized by itself, because that is how a prompt is when the model is to go on from it.

    Raises:
        ValueError: the template changes what it has said of earlier messages.
    """
    end = tokenizer.eos_token or ""
    if _text(row.get("text")):
        yield row["text"] + end, True
        return
    messages = row.get("messages")
    if messages is None or isinstance(messages, float):
        messages = [{"role": "user", "content": row["prompt"]}, {"role": "assistant", "content": row["completion"]}]
        if not tokenizer.chat_template:
            yield row["prompt"], False
            yield row["completion"] + end, True
            return
    yield from _turns([dict(message) for message in messages], tokenizer)


def _turns(messages: list[dict[str, str]], tokenizer: Any) -> Iterator[Piece]:
    said = ""
    for number, message in enumerate(messages, 1):
        if message["role"] != "assistant":
            continue
        asked = tokenizer.apply_chat_template(messages[: number - 1], tokenize=False, add_generation_prompt=True)
        answered = tokenizer.apply_chat_template(messages[:number], tokenize=False)
        if not (asked.startswith(said) and answered.startswith(asked)):
            raise ValueError("the chat template rewrites earlier messages: answers cannot be told from questions")
        yield asked[len(said) :], False
        yield answered[len(asked) :], True
        said = answered


def tokenize(row: Row, tokenizer: Any, context: int) -> tuple[np.ndarray, np.ndarray]:
    """Step 2: token ids and which of them are learnt, at most ``context`` (uint32 [T], bool [T])."""
    ids: list[int] = []
    learnt: list[bool] = []
    for text, learn in pieces(row, tokenizer):
        more = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        ids += more
        learnt += [learn] * len(more)
    return np.array(ids[:context], dtype=np.uint32), np.array(learnt[:context], dtype=bool)
