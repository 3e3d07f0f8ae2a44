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
    "run": ("training", "run_script"),
    "estimate": ("estimate", "estimate"),
    "resume": ("training", "resume"),
    "stop": ("training", "stop"),
    "checkpoint": ("training", "request"),
    "pause": ("training", "request"),
    "continue": ("training", "request"),
    "modify": ("changing", "change"),
    "note": ("changing", "note"),
    "runs": ("looking", "runs"),
    "status": ("looking", "status"),
    "checkpoints": ("checkpoints", "checkpoints"),
    "check": ("setup", "check"),
    "init": ("setup", "init_project"),
    "watch": ("watch", "watch"),
    "criteria": ("judging", "criteria"),
    "weights": ("judging", "weights"),
    "stacks": ("judging", "stacks"),
    "replay": ("judging", "replay"),
    "logs": ("looking", "logs"),
    "handoff": ("documents", "handoff"),
    "verify": ("documents", "verify"),
    "delete": ("deletion", "delete"),
    "trash": ("deletion", "trash"),
    "export": ("sharing", "export"),
    "share": ("sharing", "share"),
    "fetch": ("fetching", "fetch"),
    "config": ("config", "config"),
    "keys": ("keys", "keys"),
    "audit": ("audit", "audit"),
}


_LOOKING = {None, "runs", "status", "checkpoints", "watch", "check", "criteria", "logs", "verify", "config", "audit"}


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
