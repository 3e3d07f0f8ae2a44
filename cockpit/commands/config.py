"""The settings of the project, with what each is for."""

from __future__ import annotations

import dataclasses
import json
from argparse import Namespace
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

from cockpit.commands.common import say
from cockpit.domain.text import safe
from cockpit.project import Project


def config(project: Project, arguments: Namespace) -> int:
    """Print every setting as it stands, in the form of the file."""
    settings = project.settings
    there = "" if project.settings_file.exists() else " (there is none: these are the defaults)"
    lines = [f"# {safe(project.settings_file)}{there}", *_lines(settings, explain=arguments.explain)]
    say(dataclasses.asdict(settings), arguments, "\n".join(lines))
    return 0


def _lines(section: Any, *, explain: bool) -> Iterator[str]:
    hints = get_type_hints(type(section))
    options = [(option, getattr(section, option.name)) for option in dataclasses.fields(section)]
    for option, value in options:
        if dataclasses.is_dataclass(value):
            continue
        if explain:
            choices = f" ({' or '.join(map(_toml, get_args(hint)))})" if _is_literal(hint := hints[option.name]) else ""
            yield f"\n# {option.metadata['meaning']}{choices}"
        # TOML has no null: what is not set is shown as a comment
        yield f"{option.name} = {_toml(value)}" if value is not None else f"# {option.name} ="
    for option, value in options:
        if dataclasses.is_dataclass(value):
            yield f"\n[{option.name}]"
            yield from _lines(value, explain=explain)


def _is_literal(hint: object) -> bool:
    return get_origin(hint) is Literal


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)  # strings, numbers and booleans are written alike
