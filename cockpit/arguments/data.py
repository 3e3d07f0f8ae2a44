"""Commands that bring data."""

from __future__ import annotations

import argparse

from cockpit.arguments.options import Commands, as_json, command, yes


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add them."""
    fetch = command(commands, "fetch", "download data that cockpit.toml declares, or list them")
    fetch.add_argument("source", metavar="SOURCE", nargs="?", help="the NAME of a [sources.NAME] (default: list all)")
    fetch.add_argument("--again", action="store_true", help="also where it is here and verified")
    yes(fetch)
    as_json(fetch)
