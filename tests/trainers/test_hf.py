"""Our GPT in transformers' format: the same logits, and bytes as tokens."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainers.gpt import GPT
from trainers.hf import byte_tokenizer, write

transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def gpt():
    """A small one whose norms are not 1."""
    torch.manual_seed(0)
    model = GPT(context=16, layers=2, heads=2, width=16, dropout=0.1).eval()
    for parameter in model.parameters():
        if parameter.dim() == 1:
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
    return model


@pytest.fixture(scope="module")
def folder(gpt, tmp_path_factory):
    place = tmp_path_factory.mktemp("hf")
    write({"hyper_parameters": dict(gpt.hparams), "state_dict": gpt.state_dict()}, place)
    return place


@pytest.fixture(scope="module")
def tokenizer():
    return byte_tokenizer(16)


def test_the_logits_are_the_same(gpt, folder):
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folder)
    tokens = torch.randint(256, (4, 16), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert torch.allclose(theirs(tokens).logits, gpt(tokens), atol=1e-5)
    assert sum(p.numel() for p in theirs.parameters() if p.dim() == 2) == sum(
        p.numel() for p in gpt.parameters() if p.dim() == 2
    )


def test_nothing_but_weights_config_and_tokenizer_is_written(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
    ]  # fmt: skip


def test_what_is_written_can_go_on_with_a_text(folder):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    made = model.generate(**tokenizer("def ", return_tensors="pt"), max_new_tokens=4, do_sample=False)
    assert made.shape[1] <= 8
    assert tokenizer.decode(made[0]).startswith("def ")


@given(text=st.text())
def test_tokens_are_bytes_and_come_back(tokenizer, text):
    ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    assert bytes(ids) == text.encode()
    assert tokenizer.decode(ids) == text


def test_another_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match="only checkpoints of"):
        write({"state_dict": {"net.weight": torch.zeros(1)}, "hyper_parameters": {}}, tmp_path)
