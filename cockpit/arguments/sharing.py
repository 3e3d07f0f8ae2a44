"""Commands by which weights leave the run."""

from __future__ import annotations

import argparse

from cockpit.arguments.options import Commands, as_json, command, yes
from cockpit.domain.formats import FORMATS


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add them."""
    export = command(commands, "export", "weights of a checkpoint and a model card, into a new folder")
    _checkpoint(export)
    export.add_argument("folder", metavar="DIR", help="must not exist yet")
    export.add_argument("--format", choices=FORMATS, default=FORMATS[0], help=f"default: {FORMATS[0]}")
    as_json(export)

    share = command(commands, "share", "upload weights and a model card to the Hugging Face hub, private by default")
    _checkpoint(share)
    share.add_argument("repository", metavar="hf:ORG/NAME", help="made if it is not there")
    share.add_argument("--public", action="store_true", help="everybody may see and download it")
    share.add_argument("--format", choices=FORMATS, default=FORMATS[0], help=f"default: {FORMATS[0]}")
    yes(share)
    as_json(share)


def _checkpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CKPT", help="a file, RUN (its newest good one), RUN/NAME, or latest")
