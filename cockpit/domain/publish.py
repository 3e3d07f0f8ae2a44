"""What of a run may be shown to everybody: settings without secrets and without places on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cockpit.domain.secrets import REDACTED, is_secret_name, is_value_of, is_word
from cockpit.domain.text import counted

PLACE = "[path]"

# two folders at least, so that "1/2" and "and/or" stay; a tilde, a drive or a share is enough by itself
_PATH = re.compile(
    r"(?<![\w.:/\]])(?:~[\w.-]*(?=/|$)|/(?:[^\s/'\"`,;:()\[\]{}]+/)+|/(?:home|root|Users|tmp|mnt|data|scratch)\b)[^\s'\"`,;()\[\]{}]*"
    r"|\b[A-Za-z]:\\[^\s'\"`,;]*|\\\\[\w.-]+\\[^\s'\"`,;]*|\bfile://[^\s'\"`,;]*"
)


@dataclass(slots=True)
class Taken:
    """What was left out, by the name of the setting; never the value."""

    secrets: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """For a person."""
        parts = [
            counted(len(names), word) for names, word in ((self.secrets, "secret"), (self.places, "path")) if names
        ]
        return " and ".join(parts) or "nothing"


def publishable(value: Any, redact: Callable[[str], str], taken: Taken, name: str = "") -> Any:
    """``value`` as it may be published: plain data, each secret and each path of this machine replaced.

    Args:
        value: a tree as YAML or JSON gives it.
        redact: takes secrets out of a text.
        taken: is told what was left out.
        name: of the setting that holds it.
    """
    if isinstance(value, Mapping):
        return {
            _text(str(key), redact, taken, name): publishable(
                inner, redact, taken, f"{name}.{key}" if name else str(key)
            )
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple, set)):
        return _each(list(value), redact, taken, name)
    if value is None or isinstance(value, bool):
        return value
    if _is_secret(name, str(value)):
        taken.secrets.append(name)
        return REDACTED
    if isinstance(value, (int, float)):
        return value
    return _text(str(value), redact, taken, name)


def _is_secret(name: str, value: str) -> bool:
    """Whether a setting, or one above it, is named like a secret."""
    named = [part for part in name.split(".") if is_secret_name(part)]
    return bool(value and named) and not all(is_word(part, value) for part in named)


def _each(values: list[Any], redact: Callable[[str], str], taken: Taken, name: str) -> list[Any]:
    """The values of a list, which may be words of a command."""
    found = []
    for before, value in zip((None, *values), values, strict=False):
        if isinstance(before, str) and isinstance(value, str) and is_value_of(before, value):
            taken.secrets.append(name)
            found.append(REDACTED)
        else:
            found.append(publishable(value, redact, taken, name))
    return found


def _text(text: str, redact: Callable[[str], str], taken: Taken, name: str) -> str:
    clean = redact(text)
    if clean != text:
        taken.secrets.append(name)
    without = without_places(clean)
    if without != clean:
        taken.places.append(name)
    return without


def without_places(text: str) -> str:
    """``text`` with every absolute path replaced."""
    return _PATH.sub(PLACE, text)


@dataclass(frozen=True, slots=True)
class Card:
    """What a model card is made from; everything already fit to be published."""

    name: str
    licence: str = ""
    made: Sequence[tuple[str, str]] = ()  # how it was made: label and value
    metrics: Sequence[tuple[str, str]] = ()
    tensors: Sequence[tuple[str, str]] = ()
    hparams: str = ""  # YAML
    config: str = ""  # YAML
    load: str = ""  # Python that loads it
    taken: Taken = field(default_factory=Taken)


def model_card(card: Card) -> str:
    """The card as Markdown with the front matter that the hub reads; without a licence it says so."""
    front = ["---", *([f"license: {card.licence}"] if card.licence else []), "tags:", "- cockpit", "---", ""]
    parts = [*front, f"# {_line(card.name)}", "", "Weights only: no optimizer state, no training data.", ""]
    if not card.licence:
        parts += ["No licence has been given: nobody but the author may use them yet.", ""]
    for title, rows in (("Training", card.made), ("Metrics", card.metrics), ("Weights", card.tensors)):
        if rows:
            parts += [f"## {title}", "", "| | |", "|---|---|", *(f"| {_line(a)} | {_line(b)} |" for a, b in rows), ""]
    if card.load:
        parts += ["```python", card.load, "```", ""]
    for title, text in (("Hyperparameters", card.hparams), ("Configuration", card.config)):
        if text:
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
            parts += [f"## {title}", "", f"{fence}yaml", text.rstrip("\n"), fence, ""]
    parts.append(f"Written by cockpit, which left out {card.taken}.")
    return "\n".join(parts) + "\n"


def _line(text: str) -> str:
    return re.sub(r"([\\`*_<>\[\]#|])", r"\\\1", " ".join(text.split()))
