"""What looks like a secret never leaves in plain text; what does not look like one stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.domain.secrets import (
    NAMES,
    REDACTED,
    is_secret_name,
    redact,
    redact_words,
    redactor,
    secrets_in,
    secrets_of,
)

SECRETS = (
    "sk-ant-REDACTED", "sk-abcdefghijklmnop1234", "hf_AbCdEfGhIjKlMn", "ghp_0123456789abcdefABCD",
    "github_pat_11ABCDEFG0123456789", "xoxb-123456-abcdef", "AKIAIOSFODNN7EXAMPLE", "AIza" + "x" * 35,
)  # fmt: skip
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc=\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize("secret", SECRETS)
@given(before=st.text("ab =:/", max_size=9), after=st.text(" ,;\n", max_size=3))
def test_shapes_are_redacted_wherever_they_stand(secret, before, after):
    assert secret not in redact(f"{before}{secret}{after}")


def test_a_private_key_goes_whole_and_so_does_one_that_was_cut():
    assert redact(f"a {PEM} b") == f"a {REDACTED} b"
    assert "MIIEow" not in redact(PEM[:-20])


@pytest.mark.parametrize(
    "text",
    [
        "postgres://ada:hunter2@db/x",
        "https://u:hunter2@host",
        "--api-key=hunter2",
        "password: hunter2",
        "HF_TOKEN=hunter2",
        "--password hunter2",
        "python t.py --api-key 'hunter2 and more' --lr 1",
        "password: 'two words, hunter2'",
        '{"api_key": "a hunter2", "b": 1}',
        "password: |\n  hunter2\n",
        "api_key:\n  - hunter2\n",
        "secret_key: hunter2",
        "https://ada:p@ss-hunter2@host/x",
        "https://h/x?a=1&X-Amz-Signature=hunter2hunter2&b=2",
        "Authorization: Bearer hunter2.hunter2.hunter2",
    ],
)
def test_passwords_of_urls_and_assignments(text):
    told = redact(text)
    assert "hunter2" not in told
    assert REDACTED in told


@pytest.mark.parametrize(
    "text",
    [
        "python -m trainers fit --config configs/x.yaml",
        "tokens_per_sample=128",
        "tokenizer: gpt2",
        "lr=3e-4",
        "http://h/p",
        "--max-tokens 512 --eos-token </s> --token is",
        "https://ada@host/x?key=a",
        "--password --verbose",
    ],
)
def test_ordinary_words_stay(text):
    assert redact(text) == text


@given(st.text())
def test_redacting_twice_changes_nothing_more(text):
    assert redact(redact(text)) == redact(text)


def test_variables_are_known_by_name_and_by_value():
    environment = {"WANDB_API_KEY": "plain", "HOME": "/home/ada", "NOTE": f"use {SECRETS[0]}", "MY_SECRET": "x"}
    assert [secret.name for secret in secrets_of(environment)] == ["MY_SECRET", "NOTE", "WANDB_API_KEY"]
    assert all(is_secret_name(name) for name in NAMES)
    assert not is_secret_name("TOKENIZERS_PARALLELISM")
    assert is_secret_name("AWS_PROFILE")
    assert not is_secret_name("AWS_CA_BUNDLE")
    assert all(map(is_secret_name, ("OPENAI_KEY", "DB_PASS", "GITLAB_PAT", "SMTP_AUTH")))
    assert not any(map(is_secret_name, ("GPG_KEY", "SSH_AUTH_SOCK", "sort_key", "OLDPWD")))


def test_an_option_of_a_command_and_its_value_are_two_words():
    words = ("python", "t.py", "--api-key", "plain words", "--password", "--eos-token", "</s>", "--lr", "1")
    assert redact_words(words) == (*words[:3], REDACTED, *words[4:])
    assert redact_words(("t.py", "a plain pass"), redactor({"MY_KEY": "plain pass"})) == ("t.py", f"a {REDACTED}")
    assert [secret.value for secret in secrets_in("t.py --api-key 'plain words' --max-tokens 512")] == ["plain words"]


def test_what_a_secret_variable_holds_is_taken_out_wherever_it_stands():
    without = redactor({"WANDB_API_KEY": "plain words", "MY_TOKEN": "ab", "EDITOR": "plain vim"})
    assert without("login of plain words failed") == f"login of {REDACTED} failed"
    assert without("ab plain vim") == "ab plain vim"


@pytest.mark.timeout(30)  # where a pattern begins anew at every letter it takes hours
@pytest.mark.parametrize("piece", ["x", "A1", "eyJ", "token: ", "http://", "secret_", "a://b:", "key = value\n"])
def test_a_secret_behind_a_long_text_is_found(piece):
    text = piece * (1_000_000 // len(piece)) + "\nkey: sk-ant-abcdefgh12345678\n"
    assert "sk-ant-abcdefgh12345678" in {secret.value for secret in secrets_in(text)}
    assert "abcdefgh12345678" not in redact(text)
