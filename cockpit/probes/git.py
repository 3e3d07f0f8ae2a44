"""Which commit the project is at."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT = 5.0
_DIFF_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class GitState:
    """The project's place in its history; all None outside a repository or without git."""

    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None
    diff: str = ""


def git_state(folder: Path) -> GitState:
    """Ask git; never raises and takes no lock."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return GitState()
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return GitState(
        commit=commit.strip(),
        branch=(_git(folder, "branch", "--show-current") or "").strip() or None,
        dirty=None if status is None else bool(status.strip()),
        diff=(_git(folder, "diff", "HEAD") or "")[:_DIFF_LIMIT],
    )


def _git(folder: Path, *arguments: str) -> str | None:
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True, timeout=_TIMEOUT, env=environment, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None
