"""What has been fetched: one document a source in ``data/raw/.sources``, written before the first byte comes.

It says what was agreed to, which is what the runner's tripwire leaves out of account, and how each file was when it
arrived, by which a later look knows it again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cockpit.domain.data_source import DataSource, is_below
from cockpit.domain.run import SCHEMA
from cockpit.domain.secrets import redact
from cockpit.domain.text import age, safe, size
from cockpit.fetching.transfer import Arrived, part_of
from cockpit.runs.atomic import write_atomic

RAW = "raw"  # in the data folder
FOLDER = ".sources"  # in there


@dataclass(frozen=True, slots=True)
class Shelved:
    """One file: what was agreed to, and how it arrived; ``bytes`` is None until it has."""

    name: str  # below data/raw
    agreed: int
    bytes: int | None = None
    mtime_ns: int = 0
    checksum: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Shelving:
    """One download, as far as it has come."""

    url: str
    declared: str  # what cockpit.toml pinned: its checksum, or the revision
    revision: str
    licence: str
    time: float  # when it was agreed to, seconds since the epoch
    files: tuple[Shelved, ...]

    def with_arrived(self, name: str, arrived: Arrived) -> Shelving:
        """The same with one more file in its place."""
        files = tuple(replace(file, **asdict(arrived)) if file.name == name else file for file in self.files)
        return replace(self, files=files)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a declared source stands."""

    name: str
    url: str
    state: str  # "there" | "part" | "changed" | "absent"
    detail: str
    target: str  # absolute
    bytes: int = 0  # that are on the disk
    verified: bool = False


class Shelf:
    """The fetched data of one project."""

    def __init__(self, data: Path) -> None:
        self.raw = data / RAW

    def path(self, name: str) -> Path:
        """Where a file lies whose name below data/raw this is."""
        return self.raw / name

    def read(self, name: str) -> Shelving | None:
        """The record of a source; None if there is none that can be read."""
        return _read(self.raw / FOLDER / f"{name}.json")

    def write(self, name: str, shelving: Shelving) -> None:
        """Keep the record of a source."""
        folder = self.raw / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / f"{name}.json", json.dumps({"schema": SCHEMA, **asdict(shelving)}, indent=1))

    def agreed(self) -> dict[str, int]:
        """Bytes that people have agreed to, by the absolute path of file and part."""
        found = {}
        for document in (self.raw / FOLDER).glob("[!.]*.json"):
            shelving = _read(document)
            for file in shelving.files if shelving else ():
                final = self.raw.resolve() / file.name
                found[str(final)] = found[str(part_of(final))] = file.agreed
        return found

    def look(self, name: str, source: DataSource) -> Standing:
        """How a declared source stands, by sizes and times; no file is read."""
        shelving = self.read(name)
        target = self.path(source.place(name))
        where = (name, redact(source.url))
        if shelving is None or (shelving.url, shelving.declared) != (redact(source.url), declared(source)):
            if not target.exists():
                return Standing(*where, "absent", "not here", str(target))
            why = "here, but not by cockpit fetch" if shelving is None else "here, but cockpit.toml says another now"
            return Standing(*where, "changed", why, str(target), size_of(target))
        here = sum(size_of(self.path(file.name)) or size_of(part_of(self.path(file.name))) for file in shelving.files)
        if any(file.bytes is None for file in shelving.files):
            whole = sum(file.agreed for file in shelving.files)
            return Standing(
                *where, "part", f"{size(here)} of at most {size(whole)}; the rest can be fetched", str(target), here
            )
        odd = next((file for file in shelving.files if not self.as_it_was(file)), None)
        if odd is not None:
            gone = "gone" if not self.path(odd.name).exists() else "changed"
            return Standing(*where, "changed", f"{safe(odd.name)} has {gone} since it was fetched", str(target), here)
        verified = all(file.verified for file in shelving.files)
        told = "verified" if verified else "no checksum was known"
        return Standing(
            *where, "there", f"{told}, fetched {age(time.time() - shelving.time)}", str(target), here, verified
        )

    def as_it_was(self, file: Shelved) -> bool:
        """Whether a file lies there as it arrived, by size and time."""
        try:
            status = self.path(file.name).stat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (file.bytes, file.mtime_ns)


def declared(source: DataSource) -> str:
    """What ``cockpit.toml`` pins a source to."""
    return source.revision if source.hub else source.sha256.lower()


def _read(path: Path) -> Shelving | None:
    try:
        record: dict[str, Any] = json.loads(path.read_bytes())
        record.pop("schema")
        files = tuple(_known(record.pop("files")))
        return Shelving(**record, files=files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _known(files: Any) -> Iterator[Shelved]:
    for file in files:
        shelved = Shelved(**file)
        if is_below(shelved.name) and isinstance(shelved.agreed, int):
            yield shelved


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0
