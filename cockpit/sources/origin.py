"""What the files beside a run's records tell of its origin: the config that a LightningCLI keeps, hyperparameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from cockpit.domain.vitals import Origin

_CONFIG = "config.yaml"  # of a LightningCLI
# what in a file of a name is the seed; a look by lines, because a whole YAML reader would cost more than all else
_SEEDS = {
    _CONFIG: re.compile(r"^seed_everything: +(\d{1,18}) *$", re.MULTILINE),
    "hparams.yaml": re.compile(r"^(?:random_)?seed: +(\d{1,18}) *$", re.MULTILINE),
}
_DETERMINISTIC = re.compile(r"^ +deterministic: +true *$", re.MULTILINE)
_LIMIT = 1 << 16  # bytes


def with_files(origin: Origin, folders: Sequence[Path]) -> Origin:
    """``origin``, and what files in these folders tell that it does not."""
    for folder in folders:
        for name in _SEEDS:
            seed, deterministic = _told_by(folder / name)
            if origin.seed is None and seed is not None:
                origin = replace(origin, seed=seed, seed_by=name)
            if deterministic:
                origin = replace(origin, deterministic=True)
    return origin


def _told_by(path: Path) -> tuple[int | None, bool]:
    """The seed in a file, and whether it asks for deterministic kernels; read again only when it has changed."""
    try:
        status = path.stat()
    except OSError:
        return None, False
    return _read(path, status.st_ino, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _read(path: Path, inode: int, changed: int, size: int) -> tuple[int | None, bool]:
    content = text(path)
    seed = _SEEDS[path.name].search(content)
    return int(seed[1]) if seed else None, path.name == _CONFIG and _DETERMINISTIC.search(content) is not None


def lines(path: Path) -> int:
    """How many lines a small file has that are not empty; 0 where it is not there."""
    return sum(bool(line.strip()) for line in text(path).splitlines())


def text(path: Path) -> str:
    """What a small file holds; nothing where it is not there."""
    with suppress(OSError), open(path, "rb") as file:
        return file.read(_LIMIT).decode(errors="replace")
    return ""
