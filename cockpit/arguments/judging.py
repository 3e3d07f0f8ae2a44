"""Commands that judge a training, and that look into it when it is in trouble."""

from __future__ import annotations

import argparse

from cockpit.arguments.options import Commands, as_json, command, run, wait, yes


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add them."""
    criteria = command(commands, "criteria", "is it good training? six criteria with evidence; 1 if one fails")
    run(criteria, optional=True)
    as_json(criteria)

    weights = command(
        commands,
        "weights",
        "measure how far the next step moves each layer (|update| / |weights|, 1e-3 is usual); "
        "for that step the trainer keeps a copy of at most 128 MiB",
    )
    run(weights)
    wait(weights)
    as_json(weights)

    stacks = command(commands, "stacks", "write every Python stack of a trainer into its log, and print them")
    run(stacks)
    as_json(stacks)

    replay = command(
        commands, "replay", "go on from before the first NaN with anomaly detection, which names the operation"
    )
    run(replay)
    replay.add_argument("--from", metavar="CKPT", dest="checkpoint", help="a checkpoint (default: the last good one)")
    yes(replay)
    as_json(replay)
