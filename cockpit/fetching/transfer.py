"""One file's way onto the disk: under a temporary name, never more than agreed, checked, then renamed.

A part that was interrupted is gone on with by ``Range``, under the condition that the server still has the same file
(``If-Range``); a server without either starts anew. RFC 9110, sections 13.1.5 and 14.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from cockpit.domain.secrets import redact
from cockpit.domain.text import safe, size
from cockpit.errors import CannotWrite, NotPossible
from cockpit.fetching.errors import Interrupted, NotAsAgreed
from cockpit.fetching.remote import RemoteFile, refused
from cockpit.runs.atomic import fsync_folder, write_atomic

if TYPE_CHECKING:
    import httpx2

_CHUNK = 1 << 20  # bytes
_TRIES = 4  # cuts in a row without a byte in between
_BREATH = 0.1  # seconds
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

Progress = Callable[[str, int], None]  # phase ("downloading" | "waiting" | "verifying"), bytes of this file so far


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that stands under its own name."""

    bytes: int
    mtime_ns: int
    checksum: str  # as in RemoteFile; what was found where none was known before
    verified: bool


class Transfer:
    """Brings one file.

    Args:
        http: what asks the server.
        file: what to bring.
        final: where it goes.
        limit: bytes that were agreed to.
        progress: is told how far it is; what it raises ends the download, and what came is kept.
        pause: waits between two tries.
    """

    def __init__(
        self,
        http: httpx2.Client,
        file: RemoteFile,
        final: Path,
        limit: int,
        progress: Progress,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http, self._file, self._final, self._limit = http, file, final, limit
        self._progress, self._pause = progress, pause
        self._part, self._note = part_of(final), part_of(final).with_suffix(".json")

    def run(self) -> Arrived:
        """Bring it.

        Raises:
            Interrupted: the connection was cut again and again; the part stays.
            NotAsAgreed: more came than was agreed to, or something else; the part is gone.
            SourceError: the server refuses.
            NotPossible: another download has it.
            CannotWrite: the disk is full or the folder refuses; the part stays.
        """
        try:
            self._final.parent.mkdir(parents=True, exist_ok=True)
            with self._locked() as part:
                self._bring(part)
                os.fsync(part.fileno())
                arrived = self._verify(part)
                os.replace(self._part, self._final)
                self._note.unlink(missing_ok=True)
                fsync_folder(self._final.parent)
        except NotAsAgreed:
            self._drop()
            raise
        except OSError as error:
            raise CannotWrite(safe(self._final), error, "The file cannot be written") from None
        return arrived

    @contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        with open(os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644), "r+b") as part:
            name = safe(self._final.name)
            try:
                fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NotPossible(f"{name} is being downloaded already", "Nothing was downloaded") from None
            if not self._part.exists() or not os.path.samestat(os.fstat(part.fileno()), self._part.stat()):
                # what was opened is the finished file by now: it must not be written to
                raise NotPossible(f"{name} has just been downloaded", "Nothing was downloaded", "Look: cockpit fetch")
            yield part

    def _bring(self, part: IO[bytes]) -> None:
        import httpx2

        if part.seek(0, os.SEEK_END) > self._limit or self._known("checksum") != self._file.checksum:
            part.truncate(0)  # a part of something else
        cuts, most = 0, part.seek(0, os.SEEK_END)
        while True:
            before = part.seek(0, os.SEEK_END)
            try:
                if self._whole(before) or self._take(part, before):
                    return
                told = f"it told of {size(self._file.bytes)}"
            except (httpx2.TransportError, httpx2.StreamError) as error:
                told = safe(redact(str(error))) or type(error).__name__
            came = part.seek(0, os.SEEK_END)
            cuts = 1 if came > most else cuts + 1
            most = max(most, came)
            if cuts >= _TRIES:
                raise Interrupted(
                    f"{safe(self._final.name)}: the connection was cut after {size(came)} ({told})",
                    "The download was cut",
                    "What came is kept; the same command goes on from there",
                )
            for _ in range(5 * 2**cuts):
                self._progress("waiting", came)
                self._pause(_BREATH)

    def _whole(self, have: int) -> bool:
        return self._file.bytes is not None and have == self._file.bytes and bool(have)

    def _take(self, part: IO[bytes], have: int) -> bool:
        """Append what the server sends; whether it is all there then."""
        headers = {}
        if have and (self._known("validator") or self._file.checksum):
            headers = {"Range": f"bytes={have}-", "If-Range": self._known("validator")}
            headers = {name: value for name, value in headers.items() if value}
        with self._http.stream("GET", self._file.url, headers=headers) as answer:
            if answer.status_code == 416:
                part.truncate(0)
                return False
            if answer.status_code >= 500 or answer.status_code in (408, 429):
                return False
            if not answer.is_success:
                raise refused(self._file.url, answer)
            start, total = _extent(answer)
            if start not in (0, have):
                raise NotAsAgreed(
                    f"The server sends from byte {start:,} where {have:,} was asked for", "Not what was asked for"
                )
            if start != have:  # it does not know ranges, or has another file by now
                part.truncate(0)
                have = 0
            self._expect_agreed(have if total is None else total)
            self._remember(answer)
            part.seek(have)
            for chunk in answer.iter_raw():
                self._expect_agreed(have + len(chunk))
                part.write(chunk)
                part.flush()
                have += len(chunk)
                self._progress("downloading", have)
        return have == self._file.bytes if self._file.bytes is not None else total in (None, have)

    def _expect_agreed(self, total: int) -> None:
        if total > self._limit:
            raise NotAsAgreed(
                f"{safe(self._final.name)}: the server has {size(total)} ({total:,} bytes) or more to send; "
                f"agreed were {size(self._limit)} ({self._limit:,})",
                "More than was agreed to",
                "Nothing of it was kept. Ask the server again: cockpit fetch",
            )

    def _verify(self, part: IO[bytes]) -> Arrived:
        part.seek(0)
        status = os.fstat(part.fileno())
        sha256 = hashlib.sha256()
        blob = hashlib.sha1(b"blob %d\0" % status.st_size, usedforsecurity=False)  # git's name for a content
        done = 0
        while chunk := part.read(_CHUNK):
            sha256.update(chunk)
            blob.update(chunk)
            done += len(chunk)
            self._progress("verifying", done)
        found = {"sha256": sha256.hexdigest(), "git": blob.hexdigest()}
        kind, _, wanted = self._file.checksum.partition(":")
        if wanted and found.get(kind) != wanted:
            raise NotAsAgreed(
                f"{safe(self._final.name)}: {kind} is {found.get(kind)}, and should be {safe(wanted)}",
                "The checksum is wrong",
                "Nothing of it was kept. Either the source has changed, or somebody has changed it",
            )
        checksum = self._file.checksum or f"sha256:{found['sha256']}"
        return Arrived(status.st_size, status.st_mtime_ns, checksum, bool(wanted))

    def _known(self, what: str) -> str:
        """What the note beside a part says of the file it is a part of; empty where that is not known."""
        try:
            note = json.loads(self._note.read_bytes())
            known = note[what] if note["url"] == redact(self._file.url) else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""
        return known if isinstance(known, str) else ""

    def _remember(self, answer: httpx2.Response) -> None:
        strong = answer.headers.get("ETag", "")
        validator = strong if strong.startswith('"') else answer.headers.get("Last-Modified", "")
        write_atomic(
            self._note,
            json.dumps({"url": redact(self._file.url), "validator": validator, "checksum": self._file.checksum}),
        )

    def _drop(self) -> None:
        with suppress(OSError):
            self._part.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)


def part_of(final: Path) -> Path:
    """The temporary name of a file that is on its way."""
    return final.with_name(f".{final.name}.part")


def _extent(answer: httpx2.Response) -> tuple[int, int | None]:
    """The first byte that is sent, and the length of the whole file; None where it is not told."""
    if answer.status_code == 206:
        match = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if match is None:
            raise NotAsAgreed("The server does not say which part of the file it sends", "Not what was asked for")
        return int(match[1]), None if match[2] == "*" else int(match[2])
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None
