"""What a server says of a source before anything is taken: files, sizes, checksums, licence, speed.

A plain URL is asked by HEAD; the hub by huggingface_hub, whose HTTP client serves the plain URLs too. ``HF_ENDPOINT``
and ``HF_HUB_OFFLINE`` mean what they mean to every program that uses the hub.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from cockpit.domain.data_source import DataSource, is_below
from cockpit.domain.secrets import redact
from cockpit.domain.text import safe
from cockpit.fetching.errors import SourceError

if TYPE_CHECKING:
    import httpx2
    from huggingface_hub.hf_api import DatasetInfo, RepoSibling

TIMEOUT = 15.0  # seconds a server may be silent
_SAMPLE, _SAMPLE_SECONDS = 1 << 20, 1.0  # what is read to measure the speed: bytes, seconds
_TITLE = "The source does not answer"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file as its server describes it."""

    name: str  # below data/raw
    url: str
    bytes: int | None  # None: not told
    checksum: str = ""  # "sha256:…", "git:…" (SHA-1 of the git blob), or empty: none is known


@dataclass(frozen=True, slots=True)
class Remote:
    """A source as its server describes it."""

    files: tuple[RemoteFile, ...]
    licence: str = ""
    revision: str = ""  # the hub's commit
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold a token
    host: str = ""  # that it is had from, where the url leads on to another one

    @property
    def bytes(self) -> int | None:
        """All of it; None where one size is not told."""
        sizes = [file.bytes for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)


@contextmanager
def client(headers: Mapping[str, str]) -> Iterator[httpx2.Client]:
    """An HTTP client that asks for bytes as they are: a compressed answer has another length."""
    import httpx2

    told = {"User-Agent": "cockpit", **headers, "Accept-Encoding": "identity"}
    hooks = {"response": [expect_encrypted]}
    with httpx2.Client(headers=told, follow_redirects=True, timeout=TIMEOUT, event_hooks=hooks) as made:
        yield made


def expect_encrypted(answer: httpx2.Response) -> None:
    """Make sure that an encrypted address does not lead on to one that is not.

    Raises:
        SourceError: it does.
    """
    there = urljoin(str(answer.url), answer.headers["Location"]) if answer.has_redirect_location else ""
    if answer.url.scheme == "https" and there.lower().startswith("http:"):
        raise SourceError(f"{safe(answer.url.host)} leads on to an address that is not encrypted", _TITLE)


def ask(name: str, source: DataSource) -> Remote:
    """What the server says; nothing but headers and lists of files is transferred.

    Raises:
        SourceError: it cannot be reached, does not have it, or says what cannot be.
    """
    return _ask_hub(name, source) if source.hub else _ask_web(name, source)


def measure(remote: Remote) -> float | None:
    """Bytes a second, over at most the first MiB or second of the largest file; None where it cannot be had."""
    import httpx2

    largest = max(remote.files, key=lambda file: file.bytes or 0, default=None)
    if largest is None:
        return None
    try:
        with (
            client(remote.headers) as http,
            http.stream("GET", largest.url, headers={"Range": f"bytes=0-{_SAMPLE - 1}"}) as answer,
        ):
            began, taken = time.perf_counter(), 0
            for chunk in answer.iter_raw() if answer.is_success else ():
                taken += len(chunk)
                if taken >= _SAMPLE or time.perf_counter() - began > _SAMPLE_SECONDS:
                    break
            spent = time.perf_counter() - began
    except httpx2.HTTPError:
        return None
    return taken / spent if taken and spent > 0 else None


def failed(url: str, error: Exception) -> SourceError:
    """An error of the network in words for a person."""
    return SourceError(f"{safe(redact(url))}: {safe(redact(str(error))) or type(error).__name__}", _TITLE)


def refused(url: str, answer: httpx2.Response) -> SourceError:
    """A status that is no success, in words for a person."""
    what = f"{answer.status_code} {answer.reason_phrase}"
    return SourceError(f"{safe(redact(url))}: the server says {safe(what)}", _TITLE)


def _ask_web(name: str, source: DataSource) -> Remote:
    import httpx2

    try:
        with client({}) as http:
            answer = http.head(source.url)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise failed(source.url, error) from None
    told: int | None = None
    if answer.is_success:
        length = answer.headers.get("Content-Length", "")
        told = int(length) if length.isdecimal() and "Content-Encoding" not in answer.headers else None
    elif answer.status_code not in (405, 501):  # a server that knows no HEAD may still have the file
        raise refused(source.url, answer)
    checksum = f"sha256:{source.sha256.lower()}" if source.sha256 else ""
    led = answer.url.host if answer.url.host != httpx2.URL(source.url).host else ""
    return Remote((RemoteFile(source.place(name), source.url, told, checksum),), source.licence, host=led)


def _ask_hub(name: str, source: DataSource) -> Remote:
    import httpx2

    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # or it asks the hub for more than the source
    from huggingface_hub import HfApi, get_token, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    token: bool = source.token
    try:
        info = HfApi(token=token).dataset_info(
            source.repository, revision=source.revision, files_metadata=True, timeout=TIMEOUT
        )
    except (HfHubHTTPError, HFValidationError, OfflineModeIsEnabled, httpx2.HTTPError, OSError, ValueError) as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise SourceError(f"{source.url}: {safe(redact(first))}", _TITLE) from None
    patterns = source.files or ("*",)
    wanted = [s for s in info.siblings or [] if any(fnmatchcase(s.rfilename, pattern) for pattern in patterns)]
    if not wanted:
        raise SourceError(f"{source.url} has no file that matches {', '.join(source.files) or 'anything'}", _TITLE)
    commit = info.sha or source.revision
    files = tuple(
        _hub_file(source.place(name), sibling, hf_hub_url(
            source.repository, sibling.rfilename, repo_type="dataset", revision=commit
        ))
        for sibling in wanted
    )  # fmt: skip
    headers = {"Authorization": f"Bearer {get_token()}"} if token else {}
    return Remote(files, source.licence or _licence(info), commit, headers)


def _hub_file(folder: str, sibling: RepoSibling, url: str) -> RemoteFile:
    path = f"{folder}/{sibling.rfilename}"
    if not is_below(path):
        raise SourceError(f"The hub names a file {safe(sibling.rfilename)}, which leads out of {folder}", _TITLE)
    if sibling.lfs is not None:
        return RemoteFile(path, url, sibling.lfs.size, f"sha256:{sibling.lfs.sha256}")
    return RemoteFile(path, url, sibling.size, f"git:{sibling.blob_id}" if sibling.blob_id else "")


def _licence(info: DatasetInfo) -> str:
    """As the card of the data set has it, else its tags."""
    card = getattr(info.card_data, "license", None)
    if isinstance(card, list):
        card = ", ".join(map(str, card))
    tags = (tag.removeprefix("license:") for tag in info.tags or [] if tag.startswith("license:"))
    return str(card or next(tags, ""))
