"""Which Python environment trains, and how to enter it again."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from cockpit.domain.text import shell_word

_ALIVE_IN_DOUBLE_QUOTES = set('$`"\\\n')


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
        return Environment("venv", prefix.name, str(prefix), python, version, _venv_line(prefix))
    return Environment("system", "system Python", str(prefix), python, version, "")


def _venv_line(prefix: Path) -> str:
    """The environment's own script; by hand where that is missing or its path is one that the script would execute."""
    script = prefix / "bin" / "activate"
    # venv writes its path between double quotes into the script, unescaped before Python 3.13
    if script.is_file() and not set(str(prefix)) & _ALIVE_IN_DOUBLE_QUOTES:
        return f"source {shell_word(str(script))}"
    return _by_hand("VIRTUAL_ENV", prefix)


def _by_hand(variable: str, prefix: Path) -> str:
    return f"export {variable}={shell_word(str(prefix))} PATH={shell_word(str(prefix / 'bin'))}:$PATH"


def _conda_line(prefix: Path) -> str:
    """Activation by whichever of conda, mamba and micromamba made the prefix; the bare PATH where none is found."""
    for name, hook in (("CONDA_EXE", "shell.bash hook"), ("MAMBA_EXE", "shell hook -s bash")):
        tool = os.environ.get(name)
        if tool and Path(tool).exists():
            command = "micromamba" if Path(tool).name == "micromamba" else "conda"
            return f'eval "$({shell_word(tool)} {hook})" && {command} activate {shell_word(str(prefix))}'
    return _by_hand("CONDA_PREFIX", prefix)


def packages(python: str = sys.executable) -> dict[str, str]:
    """Every distribution that an interpreter's environment holds, and its version; empty where it is gone.

    Args:
        python: an absolute path; nothing of it is run.
    """
    from importlib import metadata

    where = sys.path
    if python != sys.executable:
        where = [str(path) for path in Path(python).parent.parent.glob("lib/python3*/site-packages")]
    found = {}
    for distribution in metadata.distributions(path=where):
        name = distribution.metadata["Name"]
        if name:
            found[name] = distribution.version
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))


def installed(name: str) -> str | None:
    """The version of a package, without importing it; None if it is not there."""
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
