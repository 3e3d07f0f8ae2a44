"""What looks like a secret, in one table; redacted before anything is written, held back from what is launched."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

NAMES = (
    "WANDB_API_KEY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS",
    "KAGGLE_KEY", "COMET_API_KEY", "NEPTUNE_API_TOKEN", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN",
    "GITHUB_TOKEN", "GH_TOKEN", "GITHUB_PAT", "SLACK_TOKEN", "SLACK_WEBHOOK_URL", "PGPASSWORD", "MYSQL_PWD",
    "DATABASE_URL", "SENTRY_DSN", "AZURE_STORAGE_CONNECTION_STRING", "COCKPIT_ALERTS",
)  # fmt: skip
FAMILIES = ("AWS_", "COMET_", "NEPTUNE_", "KAGGLE_", "MLFLOW_TRACKING_")  # of names; all of one lead to an account
_OPEN = ("AWS_CA_BUNDLE", "AWS_REGION", "AWS_DEFAULT_REGION", "GPG_KEY")  # named like one, and yet no secret
REDACTED = "[redacted]"
TELLING = 8  # characters; a shorter value is part of too many words

# every pattern begins where a word begins, or has a bound: a long line must not take minutes
_SUSPECT_NAME = re.compile(
    r"(?i)(?:api[_-]?key|secret|token|passw(?:or)?d|passphrase|credential|(?:private|access|secret|account)[_-]?key"
    r"|webhook(?:[_-]?url)?)s?$"
)
_SUSPECT_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*_(?:KEY|PASS|PAT|AUTH|JWT|CREDS?)$")
_OF_ACCOUNTS = re.compile(r"(?i)(?:api|auth|access|hf|hub|github|secret|bearer|refresh)[_-]?token")  # no vocabulary's
_VALUES = re.compile(
    r"sk-ant-[\w-]{8,}|sk-[\w-]{16,}|hf_[A-Za-z0-9]{8,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}"
    r"|xox[abeprs]-[\w-]{8,}|xapp-[\w-]{16,}|hooks\.slack\.com/services/[\w/]{16,}|A(?:KIA|SIA)[0-9A-Z]{16}"
    r"|AIza[\w-]{30,}|ya29\.[\w-]{20,}|glpat-[\w-]{16,}|pypi-AgE[\w-]{16,}|(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"
    r"|nvapi-[\w-]{16,}|\bgsk_\w{20,}|\br8_\w{20,}|\bSG\.[\w-]{16,}\.[\w-]{16,}|(?<=Bearer )[\w.~+/=-]{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_URL = re.compile(
    r"(?P<head>[a-zA-Z][a-zA-Z0-9+.-]{0,20}://[^/\s:@]*:)(?P<value>[^/\s]+)(?=@)"
    r"|(?P<user>[a-zA-Z][a-zA-Z0-9+.-]{0,20}://)(?P<alone>[^/\s:@]{20,})(?=@)"
    r"|(?P<query>(?i:[?&](?:sig|signature|x-(?:amz|goog)-signature|key|auth)=))(?P<signed>[^&\s'\"#]{8,})"
)
_NAME = (
    r"[\w-]*(?:api[_-]?key|(?:private|access|secret|account)[_-]?key|secret(?:[_-]?access[_-]?key)?|token"
    r"|passw(?:or)?d|passphrase)"
)
_QUOTED = r"[\"']?)(?P<value>(?<=\")[^\"\n]+|(?<=')[^'\n]+|[^\s'\",;]+)"  # ends the head; quotes hold blanks
_ASSIGNED = re.compile(
    # YAML may have the value on the next line, as a block or as the first of a list
    rf"(?i)(?<![\w-])(?P<head>{_NAME}[\"']?\s*[=:]\s*(?:[|>][+-]?[ \t]*\n\s*|-[ \t]+)?{_QUOTED}"
)
_FLAGGED = re.compile(rf"(?i)(?<![\w-])(?P<head>--?{_NAME}[ \t]+(?!-){_QUOTED}")


@dataclass(frozen=True, slots=True)
class Secret:
    """One that was found; its value is in no representation."""

    name: str  # of the variable, or the line of the text
    value: str = field(repr=False)


def is_secret_name(name: str) -> bool:
    """Whether a variable or option of this name holds a secret."""
    upper = name.upper()
    suspect = _SUSPECT_NAME.search(name) or _SUSPECT_VARIABLE.match(name)
    return upper not in _OPEN and (upper in NAMES or upper.startswith(FAMILIES) or bool(suspect))


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
    ends = [match.start() for match in re.finditer("\n", text)]
    for pattern in (_VALUES, _URL, _ASSIGNED, _FLAGGED):
        for match in pattern.finditer(text):
            head, value = _split(match)
            word = pattern in (_ASSIGNED, _FLAGGED) and is_word(head, value)
            if not word and not _is_placeholder(value):
                found.setdefault(value, bisect.bisect_left(ends, match.start()) + 1)
    return tuple(Secret(f"line {line}", value) for value, line in sorted(found.items(), key=lambda item: item[1]))


def is_word(name: str, value: str) -> bool:
    """Whether this is a word of a vocabulary, as ``eos_token`` and its like hold, and no secret."""
    return "token" in name.lower() and not _OF_ACCOUNTS.search(name) and not _is_random(value)


def _is_random(value: str) -> bool:
    return len(value) >= 12 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _is_placeholder(value: str) -> bool:
    return value == REDACTED or value.lower() in ("null", "~", "none", "true", "false") or value.startswith("$")


def redact(text: str) -> str:
    """``text`` without what has the shape of a secret, is assigned to a secret's name or follows an option of one."""
    text = _VALUES.sub(REDACTED, text)
    for pattern in (_URL, _ASSIGNED, _FLAGGED):
        text = pattern.sub(_without_value, text)
    return text


def redact_words(words: Sequence[str], without: Callable[[str], str] = redact) -> tuple[str, ...]:
    """The words of a command likewise, where ``--api-key`` and its value are two of them.

    Args:
        words: of the command.
        without: takes secrets out of one of them.
    """
    pairs = zip(("", *words), words, strict=False)
    return tuple(REDACTED if is_value_of(before, word) else without(word) for before, word in pairs)


def is_value_of(option: str, word: str) -> bool:
    """Whether ``word`` is what follows an option that is named like a secret."""
    named = option.startswith("-") and is_secret_name(option.lstrip("-"))
    return named and bool(word) and not word.startswith("-") and not is_word(option, word)


def _without_value(match: re.Match[str]) -> str:
    head, value = _split(match)
    return match[0] if match.re is _FLAGGED and is_word(head, value) else head + REDACTED


def _split(match: re.Match[str]) -> tuple[str, str]:
    """The secret of a match, and what stands before it."""
    groups = match.re.groupindex
    value = next((match[name] for name in ("value", "alone", "signed") if name in groups and match[name]), match[0])
    return match[0][: len(match[0]) - len(value)], value


def redactor(environment: Mapping[str, str]) -> Callable[[str], str]:
    """What :func:`redact` does, and takes out too what variables hold that are named like secrets."""
    values = sorted({s.value for s in secrets_of(environment) if len(s.value) >= TELLING}, key=len, reverse=True)

    def without(text: str) -> str:
        for value in values:
            text = text.replace(value, REDACTED)
        return redact(text)

    return without
