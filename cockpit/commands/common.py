"""What several commands share: the project, results and errors in print."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.domain.glyphs import check_glyph
from cockpit.domain.text import safe
from cockpit.errors import CockpitError, NeedsPermission, UsageError
from cockpit.project import Project, find_project

if TYPE_CHECKING:
    from cockpit.domain.checklist import Check


def project_of(arguments: Namespace) -> Project:
    """The folder that was named, else the one that is found from here.

    Raises:
        UsageError: the named one is no folder.
    """
    if arguments.project is None:
        return replace(find_project(Path.cwd()), read_only=arguments.read_only)
    folder = Path(arguments.project)
    if not folder.is_dir():
        raise UsageError(f"{safe(folder)} is not a folder", "No such project")
    return Project(folder.absolute(), arguments.read_only)


def say(record: Any, arguments: Namespace, text: str) -> None:
    """The result: JSON where it was asked for, else words."""
    print(json.dumps(record) if arguments.json else text)


def say_checks(checks: Sequence[Check]) -> None:
    """A line a check, its remedy below."""
    for check in checks:
        first, *more = wrapped(safe(check.detail, 400), 15)
        print(
            "\n".join([f"{check_glyph(check.status)} {check.label:<12} {first}", *(" " * 15 + line for line in more)])
        )
        if check.remedy:
            print(f"               {check.remedy}")


def wrapped(text: str, indent: int) -> list[str]:
    """``text`` in lines that fit beside an indentation where a person reads it; whole where a program does."""
    if not sys.stdout.isatty():
        return [text]
    import shutil
    import textwrap

    room = max(20, shutil.get_terminal_size().columns - indent)
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]


def print_error(error: CockpitError, *, as_json: bool = False) -> None:
    """The error on stderr, and as JSON on stdout where JSON was asked for."""
    facts = error.facts if isinstance(error, NeedsPermission) else None
    if as_json:
        record = {"error": error.title, "message": error.message, "hint": error.hint}
        print(json.dumps(record | ({"facts": facts} if facts else {})))
    else:
        print(_plain(f"{error.title}: {error.message}"), file=sys.stderr)
        for label, value in (facts or {}).items():
            print(f"  {label:<12} {value}", file=sys.stderr)
        if error.hint:
            print(_plain(error.hint), file=sys.stderr)


def _plain(text: str) -> str:
    """Lines that may repeat what somebody else wrote, without what a terminal would obey."""
    return "\n".join(safe(line, 4000) for line in text.split("\n"))
