"""Commands by which runs begin, go on and end."""

from __future__ import annotations

import argparse

from cockpit.arguments.options import Commands, as_json, command, config, overrides, run, wait, yes


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add them."""
    demo = command(commands, "demo", "train a small GPT on Python's standard library, here and now")
    yes(demo)
    demo.add_argument("--detach", action="store_true", help="start it and return; do not open the screen")

    start = command(commands, "start", "start a training run")
    config(start)
    start.add_argument("--print", action="store_true", dest="show",
                       help="print the config as it would be trained, every default in it; starts nothing")  # fmt: skip
    _launching(start)

    estimate = command(commands, "estimate", "what a run would cost, measured on some twenty of its real steps")
    estimate.epilog = (
        "What a script does before its first step is done for real, and so is what its callbacks do in the measured "
        "ones; then it is ended, and nothing that it does afterwards happens."
    )
    estimate.add_argument("words", metavar="CONFIG | -- COMMAND", nargs="+",
                          help="as for `start`, or as for `run`: -- python train.py --lr 3e-4")  # fmt: skip
    overrides(estimate)
    estimate.add_argument("--again", action="store_true", help="measure, even if that was done before")
    as_json(estimate)

    stop = command(commands, "stop", "stop a run at the next step, with a checkpoint")
    run(stop)
    how = stop.add_mutually_exclusive_group()
    how.add_argument("--terminate", action="store_true", help="SIGTERM: work since the last checkpoint may be lost")
    how.add_argument("--kill", action="store_true", help="SIGKILL: work since the last checkpoint is lost")
    wait(stop)
    yes(stop)
    as_json(stop)

    for verb, what in (
        ("checkpoint", "save a checkpoint now"),
        ("pause", "hold a run at the next step, after a checkpoint"),
        ("continue", "let it go on"),
    ):
        request = command(commands, verb, what)
        run(request)
        wait(request)
        if verb == "continue":
            yes(request)  # for one that was held because data grew
        as_json(request)

    resume = command(commands, "resume", "go on from a checkpoint, in the same run")
    run(resume)
    resume.add_argument("--from", metavar="CKPT", dest="checkpoint", help="a checkpoint of the run (default: newest)")
    _going(resume)

    script = command(commands, "run", "run your own training script: detached, guarded, recorded, unchanged")
    script.add_argument("--name", metavar="NAME", default="", help="what the run is called (default: after the script)")
    _launching(script)
    script.add_argument("words", metavar="-- COMMAND", nargs=argparse.REMAINDER, help="python train.py --lr 3e-4")


def _launching(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--test", action="store_true", help="it is a test: it gets no production key")
    _going(parser)


def _going(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env-pass", metavar="NAME", action="append", default=[], dest="env_pass",
                        help="let it see the key NAME of the environment, this once (repeatable; asks)")  # fmt: skip
    parser.add_argument("--detach", action="store_true", help="launch it and return; do not open the screen")
    yes(parser)
    as_json(parser)
