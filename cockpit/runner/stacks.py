"""Asking a trainer where it is: a signal that the recorder answers, and py-spy where there is no recorder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from cockpit.errors import NotPossible
from cockpit.runner.control import launched_trainer, open_trainer, signal_member
from cockpit.runner.family import members
from cockpit.runs.layout import STACKS_SIGNAL, RunPaths

_TITLE = "Nobody can say where it is"
_PATIENCE = 20  # seconds that py-spy may take


def signal_for_stacks(run: RunPaths) -> tuple[int, ...]:
    """Make the trainer and its workers write their stacks into the run's log; gives the pids that will.

    Only a process that catches the signal gets it: any other would die of it. Empty where none does.

    Raises:
        NotPossible: there is no trainer that can safely be signalled; says why.
    """
    launched = launched_trainer(run)
    pid, started = int(launched["pid"]), int(launched["start_time"])
    os.close(open_trainer(launched))
    family = members(run, pid, started)
    return tuple(each.pid for each in family if _catches(each.pid) and signal_member(each, STACKS_SIGNAL))


def _catches(pid: int) -> bool:
    """Whether a process has a handler for the signal."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, mask = line.partition(":")
            if name == "SigCgt":
                return bool(int(mask, 16) >> (STACKS_SIGNAL - 1) & 1)
    return False


def spy_on(run: RunPaths) -> str:
    """The stacks of a trainer that has no recorder, as py-spy sees them from outside.

    Raises:
        NotPossible: py-spy is not installed, or may not look.
    """
    launched = launched_trainer(run)
    os.close(open_trainer(launched))
    beside = Path(sys.executable).with_name("py-spy")
    spy = str(beside) if beside.exists() else shutil.which("py-spy")
    if spy is None:
        raise NotPossible(
            "The trainer has no recorder that answers, and py-spy is not installed", _TITLE, "pip install py-spy"
        )
    command = [spy, "dump", "--pid", str(launched["pid"])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise NotPossible(f"py-spy did not answer within {_PATIENCE} s", _TITLE) from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        hint = "Where ptrace is restricted (kernel.yama.ptrace_scope), root may look: sudo " + " ".join(command)
        raise NotPossible(f"py-spy: {last[0]}", _TITLE, hint)
    return done.stdout
