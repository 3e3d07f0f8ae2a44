"""What a project says it needs: requirements.txt, pyproject.toml, setup.cfg, environment.yml; nothing is run.

Whatever lies under these names is read as text, and no more of it than a person would have written.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.errors import ConfigError
from cockpit.probes.yaml_text import parse_config

_BYTES = 1 << 18  # of one file
_FILES, _LINES = 20, 2000  # in all
_CONDA_FILES = ("environment.yml", "environment.yaml")
_CONDA_SPEC = re.compile(r"^(?:[\w./-]+::)?([A-Za-z0-9._-]+)\s*(.*)$")
_OPTION = re.compile(r"\s+--?[a-z].*$")  # what pip takes after a requirement: --hash, --config-settings


@dataclass
class Declared:
    """Requirements as written, by the file that has them."""

    sources: list[str] = field(default_factory=list)  # relative to the project where they lie in it
    requirements: list[str] = field(default_factory=list)  # PEP 508
    conda: list[tuple[str, str]] = field(default_factory=list)  # name and PEP 440 specifier, empty for any version
    conda_file: str = ""
    conda_name: str = ""  # of the environment
    problems: list[str] = field(default_factory=list)  # what could not be read, and why


def declared(root: Path) -> Declared:
    """Everything that the project in this folder declares; a file that cannot be used is a problem, never raised."""
    found = Declared()
    _requirements(root / "requirements.txt", root, found, set())
    for name, read in (("pyproject.toml", _pyproject), ("setup.cfg", _setup_cfg)):
        if (text := _text(root / name, root, found)) is not None:
            try:
                before = len(found.requirements)
                found.requirements += list(read(text))
            except (ValueError, TypeError, AttributeError, RecursionError) as error:
                found.problems.append(f"{name}: {error}")
                continue
            if len(found.requirements) > before:
                found.sources.append(name)
    for name in _CONDA_FILES:
        if (text := _text(root / name, root, found)) is not None:
            _environment_yml(text, name, found)
            break
    del found.requirements[_LINES:], found.conda[_LINES:]
    return found


def _text(path: Path, root: Path, found: Declared) -> str | None:
    """The file, if it is one and small enough; a pipe would never end, a device neither."""
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode) and status.st_size <= _BYTES:
            return path.read_text()
        reason = "larger than 256 KiB" if stat.S_ISREG(status.st_mode) else "not a file"
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        reason = "not text"
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        reason = getattr(error, "strerror", None) or str(error)
    found.problems.append(f"{_shown(path, root)}: {reason}")
    return None


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _requirements(path: Path, root: Path, found: Declared, seen: set[str]) -> None:
    """A file in pip's format and those that it includes, each once."""
    try:
        real = str(path.resolve())
    except (OSError, RuntimeError, ValueError):  # links in a circle, a name with a NUL
        real = str(path)
    if real in seen or len(seen) >= _FILES:
        return
    seen.add(real)
    text = _text(path, root, found)
    if text is None:
        return
    found.sources.append(_shown(path, root))
    for raw in text.replace("\\\n", " ").splitlines()[:_LINES]:
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        include = re.match(r"(?:-r|--requirement)[\s=]*(\S.*)$", line)
        if include:
            _requirements(path.parent / include[1], root, found, seen)
        elif line and not line.startswith("-"):
            found.requirements.append(_OPTION.sub("", line))


def _pyproject(text: str) -> Iterator[str]:
    tree = tomllib.loads(text)
    yield from (str(one) for one in _at(tree, "project").get("dependencies") or ())
    for name, wanted in _at(tree, "tool", "poetry", "dependencies").items():
        # Poetry's ^ and ~ are not PEP 440: of those only the name is compared
        plain = isinstance(wanted, str) and re.match(r"[<>=!]", wanted)
        if name.lower() != "python" and not (isinstance(wanted, dict) and wanted.get("optional")):
            yield f"{name}{wanted if plain else ''}"


def _at(tree: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        tree = tree.get(name, {})
    return tree


def _setup_cfg(text: str) -> Iterator[str]:
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read_string(text)
    except Error as error:
        raise ValueError(str(error).splitlines()[0]) from None
    yield from filter(None, map(str.strip, parser.get("options", "install_requires", fallback="").splitlines()))


def _environment_yml(text: str, name: str, found: Declared) -> None:
    try:
        tree = parse_config(text)
    except ConfigError as error:
        found.problems.append(f"{name}: {error.message}")
        return
    found.sources.append(name)
    found.conda_file, found.conda_name = name, str(tree.get("name") or "")
    for one in _list(tree.get("dependencies")):
        if isinstance(one, dict):
            found.requirements += [str(line) for line in _list(one.get("pip")) if not str(line).startswith("-")]
        elif match := _CONDA_SPEC.match(str(one)):
            found.conda.append((match[1], _specifier(match[2])))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _specifier(spec: str) -> str:
    """conda's ``=1.26`` and ``1.26.*=build`` in PEP 440; empty where it says something else."""
    spec = spec.strip()
    if re.match(r"[<>!~]|==", spec):
        return spec
    version = re.match(r"=?\s*(\d[\w.]*?)(?:\.?\*)?(?:=.*)?$", spec)
    return f"=={version[1]}.*" if version else ""
