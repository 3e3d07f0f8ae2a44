"""Rows for fine-tuning: three forms, what is learnt of each, and rows that hold several samples."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainers.finetune.examples import write_examples
from trainers.finetune.packing import IGNORED, Rows, pack
from trainers.finetune.rows import check_rows, is_usable, pieces, read_rows, tokenize
from trainers.hf import byte_tokenizer

pytest.importorskip("transformers")
ROWS = [{"prompt": "one?", "completion": "1"}, {"prompt": "two?", "completion": "2"}]


@pytest.fixture(scope="module")
def tokenizer():
    return byte_tokenizer(64)


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_rows_are_read_from_three_kinds_of_file(tmp_path, kind):
    path = tmp_path / f"rows.{kind}"
    frame = pd.DataFrame(ROWS)
    if kind == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif kind == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    assert read_rows(path) == ROWS


def test_a_conversation_survives_parquet(tmp_path, tokenizer):
    path = tmp_path / "rows.parquet"
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}]
    pd.DataFrame({"messages": [messages]}).to_parquet(path)
    (row,) = check_rows(read_rows(path)).values()
    assert list(pieces(row, tokenizer)) == [("# user\nhi\n# assistant\n", False), ("yo\0", True)]


def test_what_cannot_be_read_is_told(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="are read"):
        read_rows(tmp_path / "rows.xlsx")
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_rows(tmp_path / "rows.csv")
    (tmp_path / "bad.jsonl").write_text('{"text": "a"}\n{"text"\n')
    with pytest.raises(ValueError, match=r"bad\.jsonl"):
        read_rows(tmp_path / "bad.jsonl")
    (tmp_path / "rows.parquet").touch()
    monkeypatch.setattr(pd, "read_parquet", lambda path: (_ for _ in ()).throw(ImportError("no engine")))
    with pytest.raises(ModuleNotFoundError, match="needs pyarrow"):
        read_rows(tmp_path / "rows.parquet")


def test_rows_that_cannot_be_used_and_copies_are_left_out():
    bad = [
        {"text": " "},
        {"prompt": "x", "completion": ""},
        {"prompt": "x"},
        {"messages": [{"role": "user"}]},
        {"a": 1},
    ]
    assert not any(map(is_usable, bad))
    assert not is_usable({"messages": [{"role": "user", "content": "nobody answers"}]})
    assert list(check_rows([*bad, *ROWS, ROWS[0]]).values()) == [ROWS[0], ROWS[1]]
    with pytest.raises(ValueError, match="no row has text"):
        check_rows(bad)


def test_only_answers_are_learnt(tokenizer):
    ids, learnt = tokenize(ROWS[0], tokenizer, 64)
    assert bytes(ids.tolist()) == b"# user\none?\n# assistant\n1\0"
    assert bytes(ids[learnt].tolist()) == b"1\0"
    ids, learnt = tokenize({"text": "all of it"}, tokenizer, 64)
    assert bytes(ids[learnt].tolist()) == b"all of it\0"


def test_every_answer_of_a_conversation_is_learnt(tokenizer):
    turns = [("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"), ("user", "e")]
    row = {"messages": [{"role": role, "content": content} for role, content in turns]}
    said = list(pieces(row, tokenizer))
    assert [text for text, learn in said if learn] == ["b\0", "d\0"]
    assert "".join(text for text, _ in said) == tokenizer.apply_chat_template(row["messages"][:4], tokenize=False)


def test_without_a_chat_template_the_answer_follows_the_question():
    bare = byte_tokenizer(64)
    bare.chat_template = None
    assert list(pieces(ROWS[0], bare)) == [("one?", False), ("1\0", True)]


def test_a_template_that_rewrites_the_past_is_refused():
    strange = byte_tokenizer(64)
    strange.chat_template = "{{ messages | length }}{{ messages[-1]['content'] }}"
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    with pytest.raises(ValueError, match="rewrites"):
        list(pieces({"messages": turns}, strange))


@given(st.lists(st.integers(1, 20), max_size=60))
def test_packing_loses_nothing_and_fits(lengths):
    rows = pack(lengths, 20)
    assert sorted(sample for row in rows for sample in row) == list(range(len(lengths)))
    assert all(sum(lengths[sample] for sample in row) <= 20 for row in rows)
    # never two rows that would fit into one
    fill = sorted(sum(lengths[sample] for sample in row) for row in rows)
    assert len(fill) < 2 or fill[0] + fill[1] > 20


def rows_of(lengths, packed):
    tokens = np.arange(1, sum(lengths) + 1, dtype=np.uint32) % 256
    learnt = np.ones(len(tokens), dtype=bool)
    return Rows(tokens, learnt, np.cumsum([0, *lengths]), 16, packed=packed)


def test_a_packed_row_restarts_positions_and_never_learns_a_first_token():
    rows = rows_of([5, 7, 16], packed=True)
    assert len(rows) == 2
    row = rows[0]
    assert row["position_ids"].tolist() == [*range(5), *range(7), *range(4)]
    assert (row["labels"] == IGNORED).nonzero().flatten().tolist() == [0, 5, 12, 13, 14, 15]
    assert rows.filled == 28 / 32


@pytest.mark.slow
def test_a_sample_sees_nothing_of_its_neighbours_in_a_row():
    from trainers.gpt import GPT
    from trainers.hf import as_gpt2

    torch.manual_seed(0)
    gpt = GPT(context=16, layers=2, heads=2, width=16)
    model = as_gpt2(gpt.hparams, gpt.state_dict())
    model.config.pad_token_id = None
    (packed,), alone = rows_of([5, 7], packed=True), rows_of([5, 7], packed=False)

    def logits(row):
        with torch.no_grad():
            return model(
                input_ids=row["input_ids"][None], position_ids=row["position_ids"][None], use_cache=False
            ).logits[0]

    together = logits(packed)
    assert torch.allclose(together[:5], logits(alone[0])[:5], atol=1e-5)
    assert torch.allclose(together[5:12], logits(alone[1])[:7], atol=1e-5)


def test_examples_are_made_of_a_library(tmp_path):
    (tmp_path / "one.py").write_text(
        'def f(a, b=2):\n    """Add them.\n\n    More."""\ndef _g():\n    "no"\ndef h(): pass\n'
    )
    (tmp_path / "broken.py").write_text("def (")
    write_examples(tmp_path / "out" / "rows.jsonl", tmp_path)
    (line,) = (tmp_path / "out" / "rows.jsonl").read_text().splitlines()
    assert json.loads(line) == {"prompt": "What does one.f(a, b=2) do?", "completion": "Add them."}
