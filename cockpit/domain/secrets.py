"""What looks like a secret, in one table; redacted before anything is written, held back from what is launched."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

NAMES = (
    "WANDB_API_KEY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS",
    "KAGGLE_KEY", "COMET_API_KEY", "NEPTUNE_API_TOKEN", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN",
    "GITHUB_TOKEN", "GH_TOKEN", "SLACK_TOKEN", "SLACK_WEBHOOK_URL", "PGPASSWORD", "MYSQL_PWD",
)  # fmt: skip
FAMILIES = ("AWS_", "COMET_", "NEPTUNE_", "KAGGLE_", "MLFLOW_TRACKING_")  # of names; all of one lead to an account
_OPEN = ("AWS_CA_BUNDLE", "AWS_REGION", "AWS_DEFAULT_REGION")  # of those families, and yet no secret
REDACTED = "[redacted]"
_TELLING = 8  # characters; a shorter value is part of too many words

_SUSPECT_NAME = re.compile(r"(?i)(api[_-]?key|secret|token|passw(or)?d|credential)s?$")
_VALUES = re.compile(
    r"sk-ant-[\w-]{8,}|sk-[\w-]{16,}|hf_[A-Za-z0-9]{8,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}"
    r"|xox[abeprs]-[\w-]{8,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_URL_PASSWORD = re.compile(r"(?P<head>[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s:@]*:)(?P<value>[^/\s@]+)(?=@)")
_ASSIGNED = re.compile(
    r"(?i)(?P<head>[\w-]*(?:api[_-]?key|secret(?:[_-]?access[_-]?key)?|token|passw(?:or)?d)[\"']?\s*[=:]\s*[\"']?)(?P<value>[^\s'\",;]+)"
)


@dataclass(frozen=True, slots=True)
class Secret:
    """One that was found; its value is in no representation."""

    name: str  # of the variable, or the line of the text
    value: str = field(repr=False)


def is_secret_name(name: str) -> bool:
    """Whether a variable or option of this name holds a secret."""
    upper = name.upper()
    return upper not in _OPEN and (upper in NAMES or upper.startswith(FAMILIES) or bool(_SUSPECT_NAME.search(name)))


def secrets_of(environment: Mapping[str, str]) -> tuple[Secret, ...]:
    """Every variable that is named like a secret, or whose value has the shape of one or holds one; by name."""
    return tuple(
        Secret(name, value)
        for name, value in sorted(environment.items())
        if value and (is_secret_name(name) or redact(value) != value)
    )


def secrets_in(text: str) -> tuple[Secret, ...]:
    """Every secret in a text, with the number of its line (from 1) as its name."""
    found: dict[str, int] = {}
    for pattern, group in ((_VALUES, 0), (_URL_PASSWORD, "value"), (_ASSIGNED, "value")):
        for match in pattern.finditer(text):
            # eos_token and its like are words of a vocabulary
            word = pattern is _ASSIGNED and "token" in match["head"].lower() and not _is_random(match[group])
            if not word and not _is_placeholder(match[group]):
                found.setdefault(match[group], text.count("\n", 0, match.start()) + 1)
    return tuple(Secret(f"line {line}", value) for value, line in sorted(found.items(), key=lambda item: item[1]))


def _is_random(value: str) -> bool:
    return len(value) >= 12 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _is_placeholder(value: str) -> bool:
    return value == REDACTED or value.lower() in ("null", "~", "none", "true", "false") or value.startswith("$")


def redact(text: str) -> str:
    """``text`` without what has the shape of a secret or is assigned to a secret's name."""
    text = _VALUES.sub(REDACTED, text)
    text = _URL_PASSWORD.sub(lambda m: m["head"] + REDACTED, text)
    return _ASSIGNED.sub(lambda m: m["head"] + REDACTED, text)


def redactor(environment: Mapping[str, str]) -> Callable[[str], str]:
    """What :func:`redact` does, and takes out too what variables hold that are named like secrets."""
    values = sorted({s.value for s in secrets_of(environment) if len(s.value) >= _TELLING}, key=len, reverse=True)

    def without(text: str) -> str:
        for value in values:
            text = text.replace(value, REDACTED)
        return redact(text)

    return without


def redact_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables with the values of secrets left out."""
    return {k: REDACTED if is_secret_name(k) else redact(v) for k, v in environment.items()}
