"""Which commit the project is at."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT = 5.0  # seconds
_MOST = 1_000_000  # bytes of an answer
_NAMED = 50
_PYTHON = ("*.py", ":(exclude,glob)**/site-packages/**")  # an environment in the project is none of its code


@dataclass(frozen=True, slots=True)
class GitState:
    """The project's place in its history; all None outside a repository or without git."""

    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None
    untracked: tuple[str, ...] = ()  # Python files that no commit and no diff has, the first fifty
    diff: str = ""  # of the changes since the commit; empty where it is longer than a megabyte: a part of one is none


def git_state(folder: Path) -> GitState:
    """Ask git; never raises, takes no lock, and runs no program that the repository names to look at or show files."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return GitState()
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    others = _git(folder, "ls-files", "-z", "--others", "--exclude-standard", "--", *_PYTHON)
    return GitState(
        commit=commit.strip(),
        branch=(_git(folder, "branch", "--show-current") or "").strip() or None,
        dirty=None if status is None or (others is None and not status.strip()) else bool(status.strip()),
        untracked=tuple(filter(None, (others or "").split("\0")))[:_NAMED],
        diff=_git(folder, "diff", "--no-ext-diff", "--no-textconv", "HEAD") or "",
    )


def _git(folder: Path, *arguments: str) -> str | None:
    """What git answers; None where it fails, takes too long or has too much to say."""
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        with tempfile.TemporaryFile() as answer:  # the diff of a data file may not fit into memory
            subprocess.run(
                ["git", "-C", str(folder), "-c", "core.fsmonitor=false", *arguments],
                stdin=subprocess.DEVNULL, stdout=answer, stderr=subprocess.DEVNULL, timeout=_TIMEOUT, env=environment,
                check=True,
            )  # fmt: skip
            if answer.seek(0, os.SEEK_END) > _MOST:
                return None
            answer.seek(0)
            return answer.read().decode(errors="replace")
    except (OSError, subprocess.SubprocessError):
        return None
