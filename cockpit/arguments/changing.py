"""Commands that change a training under way, or note something in it."""

from __future__ import annotations

import argparse

from cockpit.arguments.options import Commands, as_json, command, run, wait, yes


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add them."""
    modify = command(commands, "modify", "change hyperparameters of a training under way")
    run(modify)
    modify.add_argument("changes", metavar="KEY=VALUE", nargs="*",
                        help="lr=3e-4, lr=x0.5, max_steps=5000, …; without any: what can be changed")  # fmt: skip
    wait(modify)
    yes(modify)
    as_json(modify)

    note = command(commands, "note", "attach a note to a run, at the step it has come to")
    run(note)
    note.add_argument("text", metavar="TEXT", nargs="+")
    as_json(note)
