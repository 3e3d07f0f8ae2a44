"""Laying out a new project; what is there already stays as it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from cockpit.domain.text import safe
from cockpit.errors import CannotWrite, UsageError

_SHARED = "common"
_RENAMED = {"gitignore": ".gitignore"}  # under its own name it would hide the templates from git
_TITLED = ("README.md", "PROJECT")  # the file and the word in it that stands for the project's name


@dataclass(frozen=True, slots=True)
class InitPlan:
    """What would be made in a folder, and what is there; paths are relative to it."""

    folder: Path
    template: str
    contents: dict[str, bytes]  # of the files that would be made
    kept: tuple[str, ...]

    @property
    def made(self) -> tuple[str, ...]:
        """The files that would be made."""
        return tuple(self.contents)


def plan_init(folder: Path, template: str) -> InitPlan:
    """Look at the folder; nothing is changed.

    Args:
        folder: may be missing.
        template: one of ``domain.templates.TEMPLATES``.

    Raises:
        UsageError: something that is no folder is in the way.
    """
    contents, kept = {}, []
    for name, content in _files(template):
        path = folder / name
        if blocker := next(
            (p for p in (folder, *_between(folder, path)) if os.path.lexists(p) and not p.is_dir()), None
        ):
            raise UsageError(f"{safe(blocker)} is not a folder", "Cannot lay out a project here")
        if os.path.lexists(path):
            kept.append(name)
        else:
            contents[name] = _titled(content, folder) if name == _TITLED[0] else content
    return InitPlan(folder, template, contents, tuple(kept))


def init(plan: InitPlan) -> tuple[str, ...]:
    """Make what was planned; a file that has come meanwhile is kept too. Returns what was made.

    Raises:
        CannotWrite: the disk is full, or the folder belongs to somebody else.
    """
    made = []
    for name, content in plan.contents.items():
        path = plan.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as file:
                file.write(content)
        except FileExistsError:
            continue
        except OSError as error:
            raise CannotWrite(path, error, "Cannot lay out the project") from None
        made.append(name)
    return tuple(made)


def _files(template: str) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file, in the order of their names."""
    found: dict[str, bytes] = {}
    for layer in (_SHARED, template):
        root = Path(str(files("cockpit"))) / "templates" / layer
        for path in root.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                name = str(path.relative_to(root))
                found[_RENAMED.get(name, name)] = path.read_bytes()
    # git keeps no empty folder, and a folder with a sample in it needs no other file
    parents = {str(Path(name).parent) for name in found if not name.endswith(".gitkeep")}
    for name in sorted(found):
        if not name.endswith(".gitkeep") or str(Path(name).parent) not in parents:
            yield name, found[name]


def _between(folder: Path, path: Path) -> Iterator[Path]:
    """The folders from ``folder`` down to ``path``, without both."""
    yield from (parent for parent in reversed(path.parents) if parent.is_relative_to(folder) and parent != folder)


def _titled(content: bytes, folder: Path) -> bytes:
    name = safe(folder.absolute().name, 60) or "project"
    return content.replace(_TITLED[1].encode(), name.encode(), 1)
