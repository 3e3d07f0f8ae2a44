"""The files and folders of this machine that a config reads: its data, the weights it begins with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

_SECTIONS = ("model", "data")  # of a LightningCLI config; what a trainer names, it writes
_LOCAL = re.compile(r"(~|\.{1,2})?/|data/|models/")  # how one begins; any other may be a name on a hub
_MADE = re.compile(r"(?i)dir|root|folder|out|save|log|cache")  # in a key: a place that the training makes by itself


def named_inputs(tree: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Path as it is written and the key it stands under, of every file or folder that a parsed config reads."""
    return tuple((path, key) for section in _SECTIONS for path, key in _paths(tree.get(section), section))


def absent(root: Path, named: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    """The paths that are not there, seen from the project's folder ``root``, and the keys that name each."""
    found: dict[str, list[str]] = {}
    for path, key in named:
        if not _exists(root, path):
            found.setdefault(path, []).append(key)
    return found


def _exists(root: Path, path: str) -> bool:
    with suppress(OSError, RuntimeError, ValueError):  # too long a name, no home, a null byte
        return (root / Path(path).expanduser()).exists()
    return False


def _paths(value: object, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _paths(part, key if name == "init_args" else f"{key}.{name}")
    elif isinstance(value, list):
        for part in value:
            yield from _paths(part, key)
    elif isinstance(value, str) and _LOCAL.match(value) and not _MADE.search(key.rpartition(".")[2]):
        yield value, key
