"""One table of style names. Meaning is never by colour alone, so sixteen colours lose nothing."""

from __future__ import annotations

from functools import cache

from rich.style import Style

# name: (24-bit colours, the sixteen every terminal has)
_STYLES = {
    "": ("", ""),
    "text": ("#c8d0da", "white"),
    "strong": ("bold #f2f5f8", "bold bright_white"),
    "dim": ("#8793a2", "white"),
    "faint": ("#4a5564", "bright_black"),
    "title": ("bold #9fb4cc", "bold white"),
    "accent": ("bold #62b6ff", "bold bright_cyan"),
    "good": ("#6fcf8e", "green"),
    "warn": ("#e8b955", "yellow"),
    "bad": ("bold #ff6b6b", "bold red"),
    "train": ("bold #4fb3ff", "bold bright_blue"),
    "train-raw": ("#27506f", "blue"),
    "val": ("bold #ffb454", "bold yellow"),
    "lr": ("#7ddba3", "green"),
    "bar": ("#4fb3ff", "bright_blue"),
    "bar-empty": ("#2a323d", "bright_black"),
    "frame": ("#36404d", "bright_black"),
    "frame-focus": ("#62b6ff", "bright_cyan"),
    "grid": ("#262e38", "bright_black"),
    "key": ("bold #62b6ff", "bold bright_cyan"),
    "selected": ("bold #f2f5f8 on #23415c", "reverse"),
    "input": ("#f2f5f8 on #1c2530", "underline"),
    "code": ("#a5c8e8", "cyan"),
}

_sixteen = False


def use_sixteen_colours(only: bool) -> None:
    """Choose the table, once, before anything is painted."""
    global _sixteen  # noqa: PLW0603 - a terminal has one palette
    _sixteen = only
    style.cache_clear()


@cache
def style(name: str) -> Style:
    """The style of a name.

    Raises:
        KeyError: the table has no such name.
    """
    return Style.parse(_STYLES[name][_sixteen])
