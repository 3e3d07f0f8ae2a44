"""Which Python environment trains, and how to enter it again."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
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
    return _environment(Path(sys.prefix), sys.executable, platform.python_version(), venv=sys.prefix != sys.base_prefix)


def environment_of(python: str) -> Environment:
    """The environment of an interpreter, by the files around it; nothing of it is run."""
    if python == sys.executable:
        return environment()
    prefix = Path(python).parent.parent
    return _environment(prefix, python, "", venv=(prefix / "pyvenv.cfg").is_file())


def _environment(prefix: Path, python: str, version: str, *, venv: bool) -> Environment:
    if (prefix / "conda-meta").is_dir():
        return Environment("conda", prefix.name, str(prefix), python, version, _conda_line(prefix))
    if venv:
        return Environment("venv", prefix.name, str(prefix), python, version, _venv_line(prefix))
    return Environment("system", "system Python", str(prefix), python, version, "")


def program(word: str, folder: Path) -> str | None:
    """What the first word of a command means here, as an absolute path; None where there is no such program.

    A bare ``python`` is that of the active environment, and of this cockpit where none is active.
    """
    if "/" in word:
        path = folder / word
        return str(path) if os.access(path, os.X_OK) and path.is_file() else None
    active = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX")
    if word in ("python", "python3") and not active:
        return sys.executable
    beside = Path(sys.executable).parent / word
    return shutil.which(word) or (str(beside) if os.access(beside, os.X_OK) else None)


def shells_prefix() -> str:
    """The environment that the shell has entered, where it is another than this interpreter's; else empty."""
    entered = os.environ.get("VIRTUAL_ENV") or ("" if sys.prefix != sys.base_prefix else os.environ.get("CONDA_PREFIX"))
    return entered if entered and Path(entered).resolve() != Path(sys.prefix).resolve() else ""


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

    Of two of one name an import finds the first, so that one counts.

    Args:
        python: an absolute path; nothing of it is run.
    """
    where = sys.path
    if python != sys.executable:
        where = [str(path) for path in Path(python).parent.parent.glob("lib/python3*/site-packages")]
    found: dict[str, tuple[str, str]] = {}
    for entry in _metadata(where):
        written = _written(entry.path)
        if "Name" in written and "Version" in written:
            found.setdefault(_normal(written["Name"]), (written["Name"], written["Version"]))
    return dict(sorted(found.values(), key=lambda pair: pair[0].lower()))


def installed(name: str) -> str | None:
    """The version of a package, without importing it; None if it is not there."""
    wanted = _normal(name)
    for entry in _metadata(sys.path):
        found, _, version = entry.name.rpartition(".")[0].partition("-")
        if _normal(found) == wanted:
            # an egg's folder may end in the version of Python, one under development has none at all
            return version.partition("-")[0] or _written(entry.path).get("Version")
    return None


def _metadata(folders: Iterable[str]) -> Iterator[os.DirEntry[str]]:
    """What tells of each distribution in some folders of ``sys.path``, in its order.

    Without ``importlib.metadata``, which loads and uses the parser of e-mails: 1 MB, and 0.3 ms for each.
    """
    for folder in folders:
        with suppress(OSError), os.scandir(folder or ".") as entries:
            for entry in entries:
                # what an interrupted pip leaves behind begins with a tilde
                if entry.name.endswith((".dist-info", ".egg-info")) and not entry.name.startswith("~"):
                    yield entry


def _normal(name: str) -> str:
    """One spelling for all that mean the same package (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _written(metadata: str) -> dict[str, str]:
    """The name and the version that a distribution gives itself, in the head of its core metadata."""
    for place in (f"{metadata}/METADATA", f"{metadata}/PKG-INFO", metadata):  # an egg's may be a file itself
        with suppress(OSError), open(place, encoding="utf-8", errors="replace") as file:
            head = (line.partition(":") for line in takewhile(str.strip, file))
            return {key: value.strip() for key, _, value in head if key in ("Name", "Version")}
    return {}
