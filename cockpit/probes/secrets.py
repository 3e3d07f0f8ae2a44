"""What looks like a secret, in one table; redacted before anything is written."""

from __future__ import annotations

import re
from collections.abc import Mapping

NAMES = (
    "WANDB_API_KEY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS",
    "KAGGLE_KEY", "COMET_API_KEY", "NEPTUNE_API_TOKEN", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN",
    "GITHUB_TOKEN", "GH_TOKEN", "SLACK_TOKEN", "SLACK_WEBHOOK_URL",
)  # fmt: skip
REDACTED = "[redacted]"

_SUSPECT_NAME = re.compile(r"(?i)(api[_-]?key|secret|token|passw(or)?d|credential)s?$")
_VALUES = re.compile(
    r"sk-ant-[\w-]{8,}|sk-[\w-]{16,}|hf_[A-Za-z0-9]{8,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}"
    r"|xox[abeprs]-[\w-]{8,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_URL_PASSWORD = re.compile(r"(?P<head>[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s:@]*:)[^/\s@]+(?=@)")
_ASSIGNED = re.compile(
    r"(?i)(?P<head>[\w-]*(?:api[_-]?key|secret(?:[_-]?access[_-]?key)?|token|passw(?:or)?d)\s*[=:]\s*)(?P<value>[^\s'\",;]+)"
)


def is_secret_name(name: str) -> bool:
    """Whether a variable or option of this name holds a secret."""
    return name.upper() in NAMES or _SUSPECT_NAME.search(name) is not None


def redact(text: str) -> str:
    """``text`` without what has the shape of a secret or is assigned to a secret's name."""
    text = _VALUES.sub(REDACTED, text)
    text = _URL_PASSWORD.sub(lambda m: m["head"] + REDACTED, text)
    return _ASSIGNED.sub(lambda m: m["head"] + REDACTED, text)


def redact_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables with the values of secrets left out."""
    return {k: REDACTED if is_secret_name(k) else redact(v) for k, v in environment.items()}
