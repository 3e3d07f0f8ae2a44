"""Text for people and shells: hostile bytes made visible, words quoted, quantities in units."""

from __future__ import annotations

import math
import re
import shlex
import unicodedata
from collections.abc import Sequence

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
# control, format (bidi, zero width), line and paragraph separators, lone surrogates
_UNSAFE = {"Cc", "Cf", "Zl", "Zp", "Cs"}


def safe(text: object, limit: int = 200) -> str:
    """``text`` as one line that a terminal cannot take for a command.

    Control, bidirectional, zero-width and line-separating characters and lone surrogates are spelt out
    (``\\x1b``, ``\\u202e``); what is longer than ``limit`` characters ends in an ellipsis.
    """
    content = str(text)
    if len(content) > limit:
        content = content[: max(0, limit - 1)] + "…"
    if content.isascii() and content.isprintable():
        return content
    return "".join(_visible(c) if unicodedata.category(c) in _UNSAFE else c for c in content)


def _visible(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return "  "
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shell_word(text: str) -> str:
    """``text`` as one word of a bash command line; ``$'…'`` where control bytes would not survive a paste.

    Surrogate-escaped bytes (file names that are not UTF-8) come back as the bytes they were.
    """
    if all(c.isprintable() for c in text):
        return shlex.quote(text)
    return "$'" + "".join(_ansi_c(character) for character in text) + "'"


def _ansi_c(character: str) -> str:
    """One character inside bash's ``$'…'``; three octal digits, since a fourth digit is never read into them."""
    if character in "'\\":
        return "\\" + character
    if character.isprintable():
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))


def shell_line(argv: Sequence[str]) -> str:
    """``argv`` as a line to paste."""
    return " ".join(shell_word(word) for word in argv)


_PIECE = re.compile(
    r"""
    \$'(?P<coded>(?:[^'\\]|\\.)*)'
    | '(?P<single>[^']*)'
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | \\(?P<escaped>.)
    | (?P<plain>[^\s'"\\]+)
    """,
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:([0-7]{3})|(.))", re.DOTALL)


def shell_split(line: str) -> list[str]:
    """The words of a line that :func:`shell_line` made; nothing is expanded, and nothing is run.

    Raises:
        ValueError: a quote is not closed.
    """
    words: list[str] = []
    end = 0
    for match in _PIECE.finditer(line):
        gap = line[end : match.start()]
        _expect_blank(gap)
        if gap or not words:
            words.append("")
        words[-1] += _content(match)
        end = match.end()
    _expect_blank(line[end:])
    return words


def _expect_blank(gap: str) -> None:
    if gap.strip():
        raise ValueError(f"a quote is not closed: {gap.strip()}")


def _content(match: re.Match[str]) -> str:
    if match["coded"] is not None:
        return _decoded(match["coded"])
    if match["double"] is not None:
        return re.sub(r'\\([\\"$`])', r"\1", match["double"])
    return match["single"] or match["escaped"] or match["plain"] or ""


def _decoded(coded: str) -> str:
    """What stands inside ``$'…'``."""
    raw = bytearray()
    position = 0
    for match in _ESCAPE.finditer(coded):
        raw += coded[position : match.start()].encode("utf-8", "surrogateescape")
        raw += bytes([int(match[1], 8)]) if match[1] else match[2].encode("utf-8", "surrogateescape")
        position = match.end()
    return (raw + coded[position:].encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def size(count: float | None) -> str:
    """Bytes as ``41.2 GiB``."""
    if count is None:
        return "–"
    value, unit = _scaled(count)
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 100 else f"{value:.1f} {_UNITS[unit]}"


def pair(used: float | None, total: float | None) -> str:
    """Two amounts in one unit: ``41.2/79.6 GiB``."""
    if total is None:
        return size(used)
    _, unit = _scaled(total)
    scale = 1024.0**unit
    shown = "–" if used is None else f"{used / scale:.1f}"
    return f"{shown}/{total / scale:.1f} {_UNITS[unit]}"


def _scaled(count: float) -> tuple[float, int]:
    value, unit = float(count), 0
    while abs(value) >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return value, unit


def duration(seconds: float | None) -> str:
    """A span as ``48s``, ``12m41s``, ``3h07m`` or ``2d04h``."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    whole = int(max(0.0, seconds))
    if seconds < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def rough_duration(seconds: float | None) -> str:
    """A span to about two digits, for estimates: ``40s``, ``27m``, ``3h10m``."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 10:
        return f"{max(0, round(seconds))}s"
    if seconds < 90:
        return f"{5 * round(seconds / 5)}s"
    if seconds < 5400:
        return f"{round(seconds / 60)}m"
    minutes = 10 * round(seconds / 600)
    return f"{minutes // 60}h{minutes % 60:02d}m" if minutes < 2880 else f"{round(seconds / 86400, 1)}d"


def age(seconds: float | None) -> str:
    """How long ago: ``now``, ``48s ago``, ``3h07m ago``."""
    return "–" if seconds is None else "now" if seconds < 1 else f"{duration(seconds)} ago"


def short_age(seconds: float) -> str:
    """How long ago in ten cells, beyond a minute so coarse that it rarely changes: ``12s ago``, ``33m ago``."""
    return age(seconds) if seconds < 60 else f"{rough_duration(seconds)} ago"


def count(number: float | None) -> str:
    """A whole number with thousands marked: ``1,240``."""
    return "–" if number is None else f"{int(number):,}"


def counted(number: float | None, noun: str) -> str:
    """So many of a thing whose plural ends in s: ``1 step``, ``1,240 steps``."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def number(value: float | None) -> str:
    """A metric to four digits; NaN and infinities by name."""
    if value is None:
        return "–"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+inf" if value > 0 else "-inf"
    magnitude = abs(value)
    if magnitude != 0 and (magnitude < 1e-3 or magnitude >= 1e5):
        return f"{value:.2e}"
    return f"{value:.3f}" if magnitude < 1000 else f"{value:,.1f}"


def rate(per_second: float | None, unit: str) -> str:
    """A rate as ``6.3 it/s``, ``19.5k tok/s`` or, below one a second, ``2.4 s/it``."""
    if per_second is None or per_second <= 0:
        return f"– {unit}/s"
    if per_second < 1:
        return f"{1 / per_second:.1f} s/{unit}"
    for divisor, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if per_second >= divisor:
            return f"{per_second / (1e3 if suffix == 'k' else divisor):.1f}{suffix} {unit}/s"
    return f"{per_second:.1f} {unit}/s" if per_second < 100 else f"{per_second:,.0f} {unit}/s"
