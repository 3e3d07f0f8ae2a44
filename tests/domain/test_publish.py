"""What may be published of settings: no secret, however deep it lies."""

import pytest

from cockpit.domain.publish import Taken, publishable
from cockpit.domain.secrets import REDACTED, redact


@pytest.mark.parametrize(
    ("tree", "clean"),
    [
        ({"credentials": {"user": "ada", "pin": 7}}, {"credentials": {"user": REDACTED, "pin": REDACTED}}),
        ({"api_key": {"value": ["a", "b"]}}, {"api_key": {"value": [REDACTED, REDACTED]}}),
        ({"password": 123456}, {"password": REDACTED}),
        ({"args": ["--api-key", "plain", "--lr", "1"]}, {"args": ["--api-key", REDACTED, "--lr", "1"]}),
        ({"hub_token": "plain"}, {"hub_token": REDACTED}),
        ({"a": [{"b": ({"secret": "c"},)}]}, {"a": [{"b": [{"secret": REDACTED}]}]}),
    ],
)
def test_secrets_are_left_out_however_deep(tree, clean):
    taken = Taken()
    assert publishable(tree, redact, taken) == clean
    assert taken.secrets


@pytest.mark.parametrize(
    "tree",
    [
        {"eos_token": "</s>", "special_tokens": {"pad": "[PAD]", "ids": [0, 1]}, "max_tokens": 512},
        {"password": None, "use_secret": True, "tokenizer": {"name": "gpt2"}, "lr": 0.1},
    ],
)
def test_ordinary_settings_stay(tree):
    taken = Taken()
    assert publishable(tree, redact, taken) == tree
    assert not taken.secrets
