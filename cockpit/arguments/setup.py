"""Commands that make a project ready."""

from __future__ import annotations

import argparse

from cockpit.arguments.options import Commands, as_json, command
from cockpit.domain.templates import TEMPLATES


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add them."""
    init = command(commands, "init", "lay out a new project; what is there already is kept")
    init.add_argument("folder", metavar="DIR", nargs="?", help="default: here")
    init.add_argument("--template", choices=TEMPLATES, default=TEMPLATES[0], help=f"default: {TEMPLATES[0]}")
    init.add_argument("--yes", action="store_true", help="do not ask")
    as_json(init)

    check = command(commands, "check", "is the project ready to train?")
    check.add_argument("--fix", action="store_true", help="show each remedy, ask, run it, look again")
    check.add_argument("--yes", action="store_true", help="with --fix: do not ask")
    as_json(check)
