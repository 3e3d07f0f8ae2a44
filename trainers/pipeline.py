"""From a folder of source files to batches, in five steps that each report what they found."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cockpit.domain.state import DATA_STAGES
from cockpit.recorder.stages import stages

CODE_VERSION = 1  # raise it when a step would make other data from the same files
SPLITS = ("train", "val", "test")
_SEPARATOR = b"\n\x00"  # between two files, a byte no source file holds


@dataclass(frozen=True, slots=True)
class RawFile:
    """One input file; ``path`` is relative to the root."""

    path: str
    bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class RawReport:
    """What validation found: the good files with their content's SHA-256, and the others by kind."""

    good: dict[str, str]
    missing: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    duplicate: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The counts, for a person."""
        return (
            f"{len(self.good):,} files, {len(self.missing)} missing, {len(self.unreadable)} unreadable, "
            f"{len(self.empty)} empty, {len(self.duplicate)} duplicate"
        )


def list_files(root: Path, suffix: str, skip: Iterable[str] = ("site-packages", "__pycache__")) -> list[RawFile]:
    """Every file below ``root`` that ends in ``suffix``, in a fixed order; folders named in ``skip`` are left out."""
    skipped = set(skip)
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in skipped)
        for name in sorted(names):
            if name.endswith(suffix):
                path = Path(folder) / name
                try:
                    status = path.stat()
                    found.append(RawFile(str(path.relative_to(root)), status.st_size, status.st_mtime_ns))
                except OSError:
                    found.append(RawFile(str(path.relative_to(root)), -1, 0))
    return found


def fingerprint(files: Iterable[RawFile], settings: dict[str, object]) -> str:
    """Sixteen hex digits over names, sizes and times of the inputs, the settings and the code's version."""
    digest = hashlib.sha256(f"{CODE_VERSION}|{sys.byteorder}|{sorted(settings.items())}".encode())
    for file in files:
        digest.update(f"{file.path}\0{file.bytes}\0{file.modified_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:16]


def validate_raw(root: Path, files: list[RawFile]) -> RawReport:
    """Step 1: read every file once; count what is missing, unreadable (not UTF-8), empty or a copy of another."""
    report = stages().report
    good: dict[str, str] = {}
    seen: set[str] = set()
    bad: dict[str, list[str]] = {"missing": [], "unreadable": [], "empty": [], "duplicate": []}
    for done, file in enumerate(files):
        report("data", "validate raw data", done=done, total=len(files))
        try:
            content = (root / file.path).read_bytes()
            content.decode()
        except FileNotFoundError:
            bad["missing"].append(file.path)
            continue
        except (OSError, UnicodeDecodeError):
            bad["unreadable"].append(file.path)
            continue
        digest = hashlib.sha256(content).hexdigest()
        if not content.strip():
            bad["empty"].append(file.path)
        elif digest in seen:
            bad["duplicate"].append(file.path)
        else:
            seen.add(digest)
            good[file.path] = digest
    result = RawReport(good, **{kind: tuple(paths) for kind, paths in bad.items()})
    report("data", "validate raw data", "done", detail=result.summary)
    return result


def preprocess(root: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """Step 2: unify line ends and strip trailing blanks, so that the model learns code, not white space."""
    names = list(paths)
    texts = {}
    for done, path in enumerate(names):
        stages().report("data", "preprocess", done=done, total=len(names))
        lines = (root / path).read_bytes().decode().splitlines()
        texts[path] = "\n".join(line.rstrip() for line in lines).encode() + _SEPARATOR
    total = sum(map(len, texts.values()))
    stages().report("data", "preprocess", "done", detail=f"{total / 1e6:.1f} MB of text")
    return texts


def split(contents: dict[str, str], val: float, test: float, seed: int, unit: str = "file") -> dict[str, str]:
    """Step 3: put every file into one split by a hash of its content.

    A file never moves when others come or go, and no window of a validation file is ever trained on.

    Args:
        contents: path to SHA-256 of the content.
        val: share of files for validation, 0..1.
        test: share for testing.
        seed: another seed is another split.
        unit: what is kept together, for a person.
    """
    assigned = {}
    for path, digest in contents.items():
        draw = int.from_bytes(hashlib.sha256(f"{seed}:{digest}".encode()).digest()[:8]) / 2**64
        assigned[path] = "test" if draw < test else "val" if draw < test + val else "train"
    counts = ", ".join(f"{sum(s == name for s in assigned.values()):,} {name}" for name in SPLITS)
    stages().report("data", "split", "done", detail=f"{counts}, by {unit}")
    return assigned


def cache(folder: Path, build: Callable[[Path], None]) -> Path:
    """Step 4: the processed folder, from the cache if it is whole, else made by ``build`` and moved into place.

    Found whole, it makes the steps before it needless, and they are told as skipped.
    """
    report = stages().report
    if is_whole(folder):
        for name in DATA_STAGES[: DATA_STAGES.index("cache")]:
            report("data", name, "skipped", detail="unchanged since it was cached")
        report("data", "cache", "done", detail=f"found {folder.name}")
        return folder
    damaged = folder.exists()
    report("data", "cache", detail="damaged, building it again" if damaged else "building")
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        build(temporary)
        _seal(temporary)
        if damaged:
            shutil.rmtree(folder, ignore_errors=True)
        try:
            temporary.rename(folder)
        except OSError:
            # another process finished the very same data first
            if not is_whole(folder):
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    report("data", "cache", "done", detail=f"{'rebuilt' if damaged else 'built'} {folder.name}")
    return folder


def _seal(folder: Path) -> None:
    """Write down what belongs to the folder, with checksums."""
    sums = {path.name: _checksum(path) for path in sorted(folder.iterdir())}
    (folder / "sums.json").write_text(json.dumps(sums, indent=1) + "\n")


def is_whole(folder: Path) -> bool:
    """Whether every file of a processed folder is there and unchanged."""
    try:
        sums = json.loads((folder / "sums.json").read_bytes())
        return bool(sums) and all(_checksum(folder / name) == expected for name, expected in sums.items())
    except (OSError, ValueError, AttributeError):
        return False


def _checksum(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def write_tokens(folder: Path, texts: dict[str, bytes], assigned: dict[str, str], digests: dict[str, str]) -> None:
    """What is cached: one ``.npy`` of bytes per split and ``manifest.csv``, a line per file."""
    rows = []
    for name in SPLITS:
        paths = [path for path in texts if assigned[path] == name]
        tokens = np.frombuffer(b"".join(texts[path] for path in paths), dtype=np.uint8)
        np.save(folder / f"{name}.npy", tokens)
        offset = 0
        for path in paths:
            rows.append((path, name, offset, len(texts[path]), digests[path]))
            offset += len(texts[path])
    frame = pd.DataFrame(rows, columns=["path", "split", "offset", "bytes", "sha256"])
    frame.to_csv(folder / "manifest.csv", index=False, errors="backslashreplace")
