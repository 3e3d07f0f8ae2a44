"""``audit.jsonl``: who allowed what, when, on which facts, and what became of it; each line is chained to the last.

The chain shows that a line was changed, taken out or put in. It cannot show that the newest lines were cut
off, nor stop the file's owner from writing a new chain from the start.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.domain.guard import Decision, Unrecorded
from cockpit.runs.append import appending
from cockpit.runs.requests import me

SCHEMA = 1
_GENESIS = "0" * 64  # what the first entry is chained to
_BLOCK = 1 << 16  # bytes

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Audit:
    """Every entry that could be read, and what is wrong with the chain: nothing, if it is whole."""

    entries: tuple[Entry, ...]
    problems: tuple[str, ...]


class AuditLog:
    """Appends decisions; several cockpits may do so at once.

    Args:
        path: the file; it and its folder are made when the first decision comes.
        via: who writes, ``tui`` or ``cli``.
        now: seconds since the epoch.
        redact: takes secrets out of a text.
    """

    def __init__(
        self, path: Path, via: str, redact: Callable[[str], str], now: Callable[[], float] = time.time
    ) -> None:
        self._path, self._via, self._redact, self._now = path, via, redact, now

    def record(self, decision: Decision) -> None:
        """Append ``decision`` durably.

        Raises:
            Unrecorded: it could not be written, or what is there is no chain.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with appending(self._path) as file:
                file.append(_line(self._entry(decision), _last(self._path)))
                file.sync()
        except OSError as error:
            raise Unrecorded(
                f"{self._path}: {error.strerror or error}",
                "The answer cannot be recorded",
                "Nothing was done without it",
            ) from None
        except (ValueError, RecursionError):
            raise Unrecorded(
                f"{self._path}: its last line is no entry",
                "The audit is damaged",
                "Look: cockpit audit. Then move the file away; a new one begins by itself",
            ) from None

    def _entry(self, decision: Decision) -> Entry:
        question = decision.question
        entry: Entry = {
            "schema": SCHEMA,
            "time": self._now(),
            "who": who(),
            "via": self._via,
            "id": decision.id,
            "action": question.action,
            "subject": question.subject,
            "title": question.title,
            "consent": question.consent,
            "facts": [[fact.label, fact.value] for fact in question.facts],
            "command": question.command,
            "digest": question.digest,
        }
        said = {"answer": decision.answer, "how": decision.how, "outcome": decision.outcome, "detail": decision.detail}
        entry |= {name: value for name, value in said.items() if value}
        return {name: self._clean(value) for name, value in entry.items()}

    def _clean(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._clean(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._clean(inner) for inner in value]
        return self._redact(value) if isinstance(value, str) else value


def read_audit(path: Path) -> Audit:
    """Every entry of ``path``, oldest first, with the chain verified; a missing file is an empty, whole audit.

    A last line without its end is a write that was cut off, and counts as never written.

    Raises:
        OSError: it cannot be read.
    """
    entries: list[Entry] = []
    problems: list[str] = []
    expected, sequence = _GENESIS, 1
    for number, line in enumerate(_lines(path), 1):
        try:
            entry = json.loads(line)
            told = entry.pop("hash")
            found = _hash(entry)
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            problems.append(f"line {number} is no entry")
            expected = ""
            continue
        if found != told:
            problems.append(f"line {number} was changed after it was written")
        if expected and entry.get("previous") != expected:
            problems.append(f"line {number} does not follow line {number - 1}: lines were taken out or put in")
        elif expected and entry.get("sequence") != sequence:
            problems.append(f"line {number} has the number {entry.get('sequence')}, not {sequence}")
        own = entry.get("sequence")
        expected, sequence = told, (own if isinstance(own, int) else sequence) + 1
        entries.append(entry | {"hash": told})
    return Audit(tuple(entries), tuple(problems))


def who() -> dict[str, str]:
    """The person at this process, as far as the system tells."""
    found = {"user": me(), "host": os.uname().nodename, "uid": str(os.getuid())}
    for fd in (0, 1, 2):
        try:
            found["tty"] = os.ttyname(fd)
            break
        except OSError:
            continue
    client = os.environ.get("SSH_CONNECTION", "").split(" ")
    if len(client) >= 2:
        found["ssh"] = f"{client[0]} port {client[1]}"
    return found


def _line(entry: Entry, previous: Entry | None) -> bytes:
    chained = entry | {
        "sequence": previous["sequence"] + 1 if previous else 1,
        "previous": previous["hash"] if previous else _GENESIS,
    }
    return (_canonical(chained | {"hash": _hash(chained)}) + "\n").encode()


def _hash(entry: Entry) -> str:
    return hashlib.sha256(_canonical(entry).encode()).hexdigest()


def _canonical(entry: Entry) -> str:
    return json.dumps(entry, sort_keys=True, separators=(",", ":"))


def _lines(path: Path) -> Iterator[bytes]:
    if path.exists() and not path.is_file():  # a pipe or device would never end
        raise OSError(errno.EINVAL, "is not a file", str(path))
    try:
        with open(path, "rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line
    except FileNotFoundError:
        return


def _last(path: Path) -> Entry | None:
    """The newest entry; None in an empty file.

    Raises:
        ValueError: the last line is no entry.
    """
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        tail, start = b"", end
        while start > 0 and tail.count(b"\n") < 2:
            start = max(0, start - _BLOCK)
            file.seek(start)
            tail = file.read(end - start)
    if not tail:
        return None
    entry = json.loads(tail.splitlines()[-1])
    if not isinstance(entry, dict) or not isinstance(entry.get("sequence"), int) or "hash" not in entry:
        raise ValueError("not an entry")
    return entry
