"""The trainer's TMPDIR: on the checkpoints' filesystem, so that staging a save there ends in a plain rename."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from cockpit.runs.layout import RunPaths

# The kernel takes 107 bytes as the address of a socket, and data workers make theirs below TMPDIR.
_LONGEST = 107 - len("/pymp-xxxxxxxx/listener-xxxxxxxx")
_SHORT = Path("/tmp")  # noqa: S108  # only a link lies there, and its owner is checked


def prepare_tmpdir(run: RunPaths) -> Path:
    """Make the folder empty and give the path by which the trainer shall know it.

    Where the run's own path is too long for sockets, that is a short link to it.
    """
    clear_tmpdir(run)
    run.tmp.mkdir(mode=0o700, exist_ok=True)
    if len(os.fsencode(run.tmp)) <= _LONGEST:
        return run.tmp
    link = _link(run)
    try:
        link.symlink_to(run.tmp)
    except OSError:
        return run.tmp
    return link


def clear_tmpdir(run: RunPaths) -> None:
    """Remove the folder with whatever the trainer left in it, and the link to it."""
    shutil.rmtree(run.tmp, ignore_errors=True)
    link = _link(run)
    if link.is_symlink() and link.lstat().st_uid == os.getuid():
        link.unlink()


def _link(run: RunPaths) -> Path:
    key = hashlib.sha256(os.fsencode(run.tmp)).hexdigest()[:16]
    return _SHORT / f"cockpit-{os.getuid()}-{key}"
