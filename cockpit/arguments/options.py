"""Options that several commands take."""

from __future__ import annotations

import argparse

Commands = argparse._SubParsersAction  # what add_subparsers gives has no public name


def command(commands: Commands[argparse.ArgumentParser], name: str, what: str) -> argparse.ArgumentParser:
    """A command and its one line of help."""
    return commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")


def run(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """Which run it is about."""
    if optional:
        parser.add_argument("run", metavar="RUN", nargs="?", default="latest", help="default: latest")
    else:
        parser.add_argument("run", metavar="RUN")


def config(parser: argparse.ArgumentParser) -> None:
    """Which config, and changes to it; without one a command says which there are."""
    parser.add_argument("config", metavar="CONFIG", nargs="?", help="a YAML file, or the name of one in configs/")
    overrides(parser)


def overrides(parser: argparse.ArgumentParser) -> None:
    """Changes to a config."""
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], dest="overrides",
                        help="change the run's copy of the config (repeatable)")  # fmt: skip


def wait(parser: argparse.ArgumentParser) -> None:
    """How long to wait for the trainer."""
    parser.add_argument("--wait", metavar="S", type=float, default=30.0, help="seconds to wait for it (default 30)")


def yes(parser: argparse.ArgumentParser) -> None:
    """Consent without a person at the terminal."""
    parser.add_argument("--yes", action="store_true", help="you have seen the facts and allow it, if they are light")
    parser.add_argument(
        "--allow", metavar="ACTION", action="append", default=[], help="likewise, whatever is at stake (--allow start)"
    )


def as_json(parser: argparse.ArgumentParser) -> None:
    """The result for machines."""
    parser.add_argument("--json", action="store_true", help="print JSON")
