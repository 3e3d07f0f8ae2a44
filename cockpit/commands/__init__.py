"""What each command of ``cockpit`` does: call an action, print the result."""

from __future__ import annotations

from argparse import Namespace
from importlib import import_module

from cockpit.errors import NotPossible

# verb: module of this package and function, imported when the verb is used
_VERBS = {
    None: ("screen", "open_here"),
    "demo": ("training", "demo"),
    "start": ("training", "start"),
    "resume": ("training", "resume"),
    "stop": ("training", "stop"),
    "checkpoint": ("training", "request"),
    "pause": ("training", "request"),
    "continue": ("training", "request"),
    "runs": ("looking", "runs"),
    "status": ("looking", "status"),
    "checkpoints": ("checkpoints", "checkpoints"),
    "check": ("looking", "check"),
    "logs": ("looking", "logs"),
    "handoff": ("documents", "handoff"),
    "verify": ("documents", "verify"),
    "delete": ("deletion", "delete"),
    "trash": ("deletion", "trash"),
    "config": ("config", "config"),
    "keys": ("keys", "keys"),
    "audit": ("audit", "audit"),
}


_LOOKING = {None, "runs", "status", "checkpoints", "check", "logs", "verify", "config", "audit"}


def run(arguments: Namespace) -> int:
    """Carry out what was parsed; returns the exit code."""
    from cockpit.commands.common import project_of

    if arguments.read_only and arguments.command not in _LOOKING:
        looks = ", ".join(sorted(verb for verb in _LOOKING if verb))
        raise NotPossible(
            f"--read-only: there is no {arguments.command}", "This cockpit only looks", f"There is: {looks}"
        )
    module, function = _VERBS[arguments.command]
    handler = getattr(import_module(f"cockpit.commands.{module}"), function)
    code: int = handler(project_of(arguments), arguments)
    return code
