"""Commands that look at runs, and that write down what was seen."""

from __future__ import annotations

import argparse

from cockpit.arguments.options import Commands, as_json, command, run


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add them."""
    as_json(command(commands, "runs", "list the runs of this project"))
    for name, what in (
        ("status", "how a run stands"),
        ("checkpoints", "the checkpoints of a run, read whole, and what each is worth"),
    ):
        about = command(commands, name, what)
        run(about, optional=True)
        as_json(about)

    watch = command(commands, "watch", "look at runs that anything records: event files, metrics.csv, W&B, MLflow, …")
    watch.add_argument("paths", metavar="PATH", nargs="+", help="a file, or a folder and all below it")
    as_json(watch)

    handoff = command(commands, "handoff", "write the handoff document of a run and print it")
    run(handoff, optional=True)
    as_json(handoff)
    handoff.add_argument("--output", metavar="FILE", help="write it to FILE too")
    handoff.add_argument("--all", action="store_true", help="every run that is not finished, into HANDOFF.md")

    verify = command(commands, "verify", "does a handoff still hold?")
    verify.add_argument("file", metavar="FILE", help="a handoff.md")
    as_json(verify)

    logs = command(commands, "logs", "print what the trainer printed")
    run(logs)
    logs.add_argument("-f", "--follow", action="store_true", help="go on until the run ends")
    logs.add_argument("-n", "--lines", type=int, default=0, metavar="N", help="only the last N lines")
