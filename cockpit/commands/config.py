"""The settings of the project, with what each is for."""

from __future__ import annotations

import dataclasses
import json
from argparse import Namespace
from collections.abc import Iterator
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from cockpit.commands.common import say
from cockpit.domain.secrets import REDACTED
from cockpit.domain.text import safe
from cockpit.project import Project

T = TypeVar("T")


def config(project: Project, arguments: Namespace) -> int:
    """Print every setting as it stands, in the form of the file."""
    settings = _without_secrets(project.settings)
    there = "" if project.settings_file.exists() else " (there is none: these are the defaults)"
    lines = [f"# {safe(project.settings_file)}{there}", *_lines(settings, explain=arguments.explain)]
    say(dataclasses.asdict(settings), arguments, "\n".join(lines))
    return 0


def _without_secrets(section: T) -> T:
    """The same settings; of an address that is a secret only its scheme is left."""
    changes: dict[str, Any] = {}
    for option in dataclasses.fields(section):  # type: ignore[arg-type]
        value = getattr(section, option.name)
        if dataclasses.is_dataclass(value):
            changes[option.name] = _without_secrets(value)
        elif option.metadata.get("secret"):
            changes[option.name] = tuple(f"{url.partition('://')[0][:20]}://{REDACTED}" for url in value)
    return dataclasses.replace(section, **changes)  # type: ignore[type-var]


def _lines(section: Any, *, explain: bool) -> Iterator[str]:
    hints = get_type_hints(type(section))
    options = [(option, getattr(section, option.name)) for option in dataclasses.fields(section)]
    for option, value in options:
        if dataclasses.is_dataclass(value) or "each" in option.metadata:
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
        elif each := option.metadata.get("each"):
            yield from _named(option, value, each, explain=explain)


def _named(option: dataclasses.Field[Any], sections: Any, each: Any, *, explain: bool) -> Iterator[str]:
    """Sections that go by a name; where there is none, what one may say."""
    if explain:
        yield f"\n# [{option.name}.NAME]: {option.metadata['meaning']}"
        if not sections:
            yield from (f"#   {o.name}: {o.metadata['meaning']}" for o in dataclasses.fields(each))
    for name, section in sections.items():
        yield f"\n[{option.name}.{_toml(name)}]"
        yield from _lines(section, explain=explain)


def _is_literal(hint: object) -> bool:
    return get_origin(hint) is Literal


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)  # strings, numbers and booleans are written alike
