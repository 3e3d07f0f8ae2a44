"""The ``cockpit`` command: parses, calls actions, prints. Everything heavy is imported where it is used."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence

from cockpit import __version__
from cockpit.errors import CockpitError

_EPILOG = """\
RUN is an id, a unique prefix of one, or `latest`. Without a command the cockpit opens on this project.
exit codes: 0 done · 1 it failed, or a check did · 2 the words are off · 3 needs permission (--yes, --allow)
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    from cockpit.commands import run

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 still gets its answer
    try:
        return run(arguments)
    except CockpitError as error:
        from cockpit.commands.common import print_error

        print_error(error, as_json=getattr(arguments, "json", False))
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # the reader of our output has left (`| head`); closing stderr keeps the interpreter quiet about it
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cockpit",
        description="A terminal cockpit for training neural networks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"cockpit {__version__}")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    parser.add_argument("--read-only", action="store_true", help="only look: no action exists")
    parser.add_argument("--project", metavar="DIR", help="the project's folder (default: found from here)")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    demo = _command(commands, "demo", "train a small GPT on Python's standard library, here and now")
    _yes(demo)
    demo.add_argument("--detach", action="store_true", help="start it and return; do not open the screen")

    start = _command(commands, "start", "start a training run")
    start.add_argument("config", metavar="CONFIG", help="a YAML file, or the name of one in configs/")
    start.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], dest="overrides",
                       help="change the run's copy of the config (repeatable)")  # fmt: skip
    start.add_argument("--detach", action="store_true", help="start it and return; do not open the screen")
    _yes(start)
    _json(start)

    runs = _command(commands, "runs", "list the runs of this project")
    _json(runs)

    status = _command(commands, "status", "how a run stands")
    _run(status, optional=True)
    _json(status)

    stop = _command(commands, "stop", "stop a run at the next step, with a checkpoint")
    _run(stop)
    how = stop.add_mutually_exclusive_group()
    how.add_argument("--terminate", action="store_true", help="SIGTERM: work since the last checkpoint may be lost")
    how.add_argument("--kill", action="store_true", help="SIGKILL: work since the last checkpoint is lost")
    stop.add_argument("--wait", metavar="S", type=float, default=30.0, help="seconds to wait for it (default 30)")
    _yes(stop)
    _json(stop)

    checkpoint = _command(commands, "checkpoint", "save a checkpoint now")
    _run(checkpoint)
    checkpoint.add_argument("--wait", metavar="S", type=float, default=30.0, help="seconds to wait (default 30)")
    _json(checkpoint)

    for verb, what in (("pause", "hold a run at the next step, after a checkpoint"), ("continue", "let it go on")):
        command = _command(commands, verb, what)
        _run(command)
        command.add_argument("--wait", metavar="S", type=float, default=30.0, help="seconds to wait (default 30)")
        _json(command)

    resume = _command(commands, "resume", "go on from a checkpoint, in the same run")
    _run(resume)
    resume.add_argument("--from", metavar="CKPT", dest="checkpoint", help="a checkpoint of the run (default: newest)")
    resume.add_argument("--detach", action="store_true", help="resume it and return; do not open the screen")
    _yes(resume)
    _json(resume)

    checkpoints = _command(commands, "checkpoints", "the checkpoints of a run, read whole, and what each is worth")
    _run(checkpoints, optional=True)
    _json(checkpoints)

    handoff = _command(commands, "handoff", "write the handoff document of a run and print it")
    _run(handoff, optional=True)
    _json(handoff)
    handoff.add_argument("--output", metavar="FILE", help="write it to FILE too")
    handoff.add_argument("--all", action="store_true", help="every run that is not finished, into HANDOFF.md")

    verify = _command(commands, "verify", "does a handoff still hold?")
    verify.add_argument("file", metavar="FILE", help="a handoff.md")
    _json(verify)

    delete = _command(commands, "delete", "move checkpoints, or a whole run, to the trash")
    _run(delete)
    delete.add_argument("checkpoints", metavar="CKPT", nargs="*", help="checkpoints of the run (default: all of it)")
    delete.add_argument(
        "--keep", metavar="RULES", help="all checkpoints beyond best, last, every=STEPS (comma-separated)"
    )
    _yes(delete)
    _json(delete)

    trash = _command(commands, "trash", "what was deleted: list, restore, purge for good")
    trash.add_argument("verb", nargs="?", choices=("list", "restore", "purge"), default="list")
    trash.add_argument("ids", metavar="ID", nargs="*", help="entries (purge: default all)")
    _yes(trash)
    _json(trash)

    config = _command(commands, "config", "print the settings of the project (cockpit.toml)")
    config.add_argument("--explain", action="store_true", help="say what each is for")
    _json(config)

    audit = _command(commands, "audit", "who allowed what, when, on which facts; verified")
    _json(audit)

    keys = _command(commands, "keys", "which API keys are in the air, and what you call them")
    keys.add_argument("name", metavar="NAME", nargs="?", help="a variable that holds a key, or a fingerprint")
    keys.add_argument("kind", metavar="KIND", nargs="?", choices=("production", "test"), help="production or test")
    _json(keys)

    check = _command(commands, "check", "is the project ready to train?")
    _json(check)

    logs = _command(commands, "logs", "print what the trainer printed")
    _run(logs)
    logs.add_argument("-f", "--follow", action="store_true", help="go on until the run ends")
    logs.add_argument("-n", "--lines", type=int, default=0, metavar="N", help="only the last N lines")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str
) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")


def _run(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    if optional:
        parser.add_argument("run", metavar="RUN", nargs="?", default="latest", help="default: latest")
    else:
        parser.add_argument("run", metavar="RUN")


def _yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="you have seen the facts and allow it, if they are light")
    parser.add_argument(
        "--allow", metavar="ACTION", action="append", default=[], help="likewise, whatever is at stake (--allow start)"
    )


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


if __name__ == "__main__":
    sys.exit(main())
