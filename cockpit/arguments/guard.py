"""Commands that need a yes, and those that tell what is allowed."""

from __future__ import annotations

import argparse

from cockpit.arguments.options import Commands, as_json, command, run, yes


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add them."""
    delete = command(commands, "delete", "move checkpoints, or a whole run, to the trash")
    run(delete)
    delete.add_argument("checkpoints", metavar="CKPT", nargs="*", help="checkpoints of the run (default: all of it)")
    delete.add_argument(
        "--keep", metavar="RULES", help="all checkpoints beyond best, last, every=STEPS (comma-separated)"
    )
    yes(delete)
    as_json(delete)

    trash = command(commands, "trash", "what was deleted: list, restore, purge for good")
    trash.add_argument("verb", nargs="?", choices=("list", "restore", "purge"), default="list")
    trash.add_argument("ids", metavar="ID", nargs="*", help="entries (purge: default all)")
    yes(trash)
    as_json(trash)

    config = command(commands, "config", "print the settings of the project (cockpit.toml)")
    config.add_argument("--explain", action="store_true", help="say what each is for")
    as_json(config)

    as_json(command(commands, "audit", "who allowed what, when, on which facts; verified"))

    keys = command(commands, "keys", "which API keys are in the air, and what you call them")
    keys.add_argument("name", metavar="NAME", nargs="?", help="a variable that holds a key, or a fingerprint")
    keys.add_argument("kind", metavar="KIND", nargs="?", choices=("production", "test"), help="production or test")
    yes(keys)
    as_json(keys)
