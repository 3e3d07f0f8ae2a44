"""The training scripts of a project: what ``cockpit run`` would be given."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path

from cockpit.domain.script import Script, read_script, strongest
from cockpit.probes.shape import python_files
from cockpit.project.folders import Project

_MOST, _BYTES = 30, 1 << 18
_PARTS, _ENTRIES, _DEPTH = 60, 500, 3  # files of a script, entries of a folder, packages in each other: looked at
_NO_SCRIPTS = ("__init__.py", "setup.py")


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """A script that can be run, and what it is."""

    path: Path
    script: Script


def scripts(project: Project) -> list[ScriptFile]:
    """Those in the project's own folder that train by something known; read, not run.

    What others there import, and does nothing by itself, is part of a script and none.
    """
    files = islice(python_files(project.root, _BYTES), _MOST)
    found = [ScriptFile(path, _parsed(source)) for path, source in files]
    parts = {name for one in found for name in one.script.imports if name != one.path.stem}
    whole = [replace(one, script=with_parts(one.script, project.root)) for one in found if _is_script(one.path)]
    return [one for one in whole if one.script.framework and (one.script.acts or one.path.stem not in parts)]


def with_parts(script: Script, folder: Path) -> Script:
    """A script of this folder, with the framework of what it imports from there where it imports none by itself."""
    if script.framework:
        return script
    seen, waiting, frameworks = set[Path](), deque(sorted(script.imports)), set[str]()
    while waiting:
        for path in _modules(folder, waiting.popleft()):
            if path not in seen and len(seen) < _PARTS:
                seen.add(path)
                part = _read(path)
                frameworks.add(part.framework)
                waiting.extend(sorted(part.imports))
    return replace(script, framework=strongest(frameworks))


def _is_script(path: Path) -> bool:
    return not path.name.startswith(("test_", "conftest")) and path.name not in _NO_SCRIPTS


def _modules(folder: Path, name: str, depth: int = 0) -> Iterator[Path]:
    """The files of a module or a package, if it is one of this folder; those of its packages in turn."""
    if (file := folder / f"{name}.py").is_file():
        yield file
        return
    package = folder / name
    try:
        with os.scandir(package) as entries:
            names = sorted(entry.name for entry in islice(entries, _ENTRIES))
    except OSError:
        return
    yield from (package / inner for inner in names if inner.endswith(".py"))
    for inner in names if depth < _DEPTH else ():
        if (package / inner / "__init__.py").is_file():
            yield from _modules(package, inner, depth + 1)


def _read(path: Path) -> Script:
    with suppress(OSError):
        if path.is_file():  # a pipe would never end
            with open(path, "rb") as file:
                return _parsed(file.read(_BYTES))
    return Script()


@lru_cache(maxsize=256)
def _parsed(source: bytes) -> Script:
    return read_script(source.decode(errors="replace"))
