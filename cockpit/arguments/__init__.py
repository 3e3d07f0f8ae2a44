"""What may follow ``cockpit``: the parser, one module per group of commands. Imports argparse alone."""

from __future__ import annotations

import argparse

from cockpit import __version__
from cockpit.arguments import changing, data, guard, judging, looking, setup, sharing, training

_EPILOG = """\
RUN is an id, a unique prefix of one, or `latest`. Without a command the cockpit opens on this project.
exit codes: 0 done · 1 it failed, or a check did · 2 the words are off · 3 needs permission (--yes, --allow)
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    whole = argparse.ArgumentParser(
        prog="cockpit",
        description="A terminal cockpit for training neural networks.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"cockpit {__version__}")
    whole.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    whole.add_argument("--read-only", action="store_true", help="only look: no action exists")
    whole.add_argument("--project", metavar="DIR", help="the project's folder (default: found from here)")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    training.add(commands)
    changing.add(commands)
    looking.add(commands)
    judging.add(commands)
    guard.add(commands)
    setup.add(commands)
    sharing.add(commands)
    data.add(commands)
    return whole
