"""Which command trains a config of a project."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.domain import llamafactory
from cockpit.probes.shape import python_files
from cockpit.project.config_files import ConfigFile
from cockpit.project.folders import Project

if TYPE_CHECKING:
    from cockpit.settings import Launch

_SCRIPTS, _SCRIPT_BYTES = 60, 1 << 16
_FOLDERS = (".", "src", "scripts")
_CLI = re.compile(rb"^[^#\n]*\b(?:Lightning|[A-Za-z_]\w*)CLI\(", re.MULTILINE)


def launch_of(project: Project, config: ConfigFile) -> Launch:
    """As ``cockpit.toml`` says, else by the LightningCLI of the project, else by the shipped trainers.

    A config of LLaMA-Factory is nobody else's.
    """
    from cockpit.settings import SHIPPED, Launch

    settings = project.settings.launch
    if config.shipped:  # the project's own command does not know the configs of the shipped trainers
        return dataclasses.replace(Launch(), command=SHIPPED)
    if config.kind == "llamafactory":
        return dataclasses.replace(settings, command=llamafactory.COMMAND)
    if settings.command:
        return settings
    script = cli_script(project.root) if config.kind == "lightning" else None
    own = f"{{python}} {shlex.quote(str(script))} fit --config {{config}}" if script else SHIPPED
    return dataclasses.replace(settings, command=own)


def cli_script(root: Path) -> Path | None:
    """The script that calls a LightningCLI, relative to ``root``; None where there is none. Reads, runs nothing."""
    files = chain.from_iterable(python_files(root / folder, _SCRIPT_BYTES) for folder in _FOLDERS)
    found = next((path for path, source in islice(files, _SCRIPTS) if calls_cli(source)), None)
    return Path(os.path.relpath(found, root)) if found else None


def calls_cli(source: bytes) -> bool:
    """Whether this is the source of a script that calls a LightningCLI."""
    return b"LightningCLI" in source and _CLI.search(source) is not None
