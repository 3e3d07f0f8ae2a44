"""The files that a command names: a yes to the command is a yes to what stands in them."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from cockpit.actions.digest import digest
from cockpit.domain.guard import Fact
from cockpit.domain.text import safe, size

LIMIT = 1 << 20  # bytes of a file that are read; what is larger is known by size and time
_SHOWN = 6  # files told one by one


def named_files(argv: Sequence[str], folder: Path, besides: Sequence[Path | None] = ()) -> Iterator[Path]:
    """Every regular file that a word of a command names, alone or behind ``=``; none twice.

    Args:
        argv: the command; its program is left out.
        folder: where it is run.
        besides: files that are told otherwise.
    """
    seen = set(besides)
    for word in argv[1:]:
        for name in (word.partition("=")[2], word):
            path = folder / name
            try:
                there = bool(name) and path.is_file()
            except (OSError, ValueError):  # a word need not be a name that a file could have
                continue
            if there and path not in seen:
                seen.add(path)
                yield path


def state_of(path: Path) -> str:
    """The digest of a file; of a large one its size and last change; of a folder these of everything below."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            below = [(str(p.relative_to(path)), p.lstat()) for p in sorted(path.rglob("*"))]
            listed = repr([(name, found.st_size, found.st_mtime_ns) for name, found in below])
            return f"list {digest(listed)}"
        if status.st_size > LIMIT:
            changed = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(status.st_mtime))
            return f"{size(status.st_size)} of {changed}"
        return f"sha256 {digest(path.read_bytes())}"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def file_facts(argv: Sequence[str], folder: Path, besides: Sequence[Path | None] = ()) -> list[Fact]:
    """The same as facts; those that find no room are told by one digest of all of them."""
    told = [(str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path), state_of(path))
            for path in named_files(argv, folder, besides)]  # fmt: skip
    facts = [Fact("reads", f"{safe(name)}, {state}") for name, state in told[:_SHOWN]]
    if rest := told[_SHOWN:]:
        facts.append(Fact("reads", f"and {len(rest)} more (list {digest(repr(rest))})"))
    return facts
