"""Which Python environment trains, and how to enter it again."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cockpit.domain.text import shell_word


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment that holds the interpreter running this process."""

    kind: str  # venv | conda | system
    name: str
    prefix: str
    python: str  # absolute path
    version: str
    activate: str  # a line of bash; empty where nothing is to be done


def environment() -> Environment:
    """The active environment: what the interpreter is in counts, not what a variable says."""
    prefix = Path(sys.prefix)
    python, version = sys.executable, platform.python_version()
    if (prefix / "conda-meta").is_dir():
        return Environment("conda", prefix.name, str(prefix), python, version, _conda_line(prefix))
    if sys.prefix != sys.base_prefix:
        line = f"source {shell_word(str(prefix / 'bin' / 'activate'))}"
        return Environment("venv", prefix.name, str(prefix), python, version, line)
    return Environment("system", "system Python", str(prefix), python, version, "")


def _conda_line(prefix: Path) -> str:
    """Activation by whichever of conda, mamba and micromamba made the prefix; the bare PATH where none is found."""
    for name, hook in (("CONDA_EXE", "shell.bash hook"), ("MAMBA_EXE", "shell hook -s bash")):
        tool = os.environ.get(name)
        if tool and Path(tool).exists():
            command = "micromamba" if Path(tool).name == "micromamba" else "conda"
            return f'eval "$({shell_word(tool)} {hook})" && {command} activate {shell_word(str(prefix))}'
    return f"export CONDA_PREFIX={shell_word(str(prefix))} PATH={shell_word(str(prefix / 'bin'))}:$PATH"


def packages() -> dict[str, str]:
    """Every installed distribution and its version."""
    found = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found[name] = distribution.version
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))


def installed(name: str) -> str | None:
    """The version of a package, without importing it; None if it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
