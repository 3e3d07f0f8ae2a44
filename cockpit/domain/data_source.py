"""A data source as ``cockpit.toml`` declares it: where it comes from, what it must be, where it goes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from annotated_types import Ge, MinLen

HUB = "hf:"
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def _option(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
class DataSource:
    """One ``[sources.NAME]``. A mistake is a ``ValueError`` that begins with the name of the setting."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    url: Annotated[str, MinLen(1)] = field(
        metadata={"meaning": "https://…, or hf:organisation/name for a data set of the Hugging Face hub"}
    )
    target: str = _option("", "file (hf: folder) below data/raw; by default the url's file name, or the source's name")
    sha256: str = _option("", "what the file must be; hf: not needed, the hub tells it for each file")
    size: Annotated[int, Ge(0)] | None = _option(None, "bytes it should have; nothing is taken beyond them")
    licence: str = _option("", "told before a download; hf: the hub's where this is empty")
    revision: str = _option("main", "hf: a commit, a tag or a branch; only a commit never changes")
    files: tuple[str, ...] = _option((), 'hf: patterns of the files wanted, such as "*.parquet"; empty: all')
    token: bool = _option(False, "hf: sign in with your token, for gated and private data")

    def __post_init__(self) -> None:
        if self.hub:
            if not _REPOSITORY.fullmatch(self.repository):
                raise ValueError("url: not of the form hf:organisation/name")
            if self.sha256:
                raise ValueError("sha256: the hub tells one for each file; pin revision to a commit instead")
        else:
            _expect_web_address(self.url)
            if self.files or self.token:
                raise ValueError(f"{'files' if self.files else 'token'}: only for hf:")
        if self.sha256 and not _SHA256.fullmatch(self.sha256):
            raise ValueError("sha256: not 64 hexadecimal digits")
        if self.target and not is_below(self.target):
            raise ValueError("target: not a plain path below data/raw")
        if not self.target and not self.hub and not is_below(_last_part(self.url)):
            raise ValueError("url: it ends in no file name, so a target is needed")

    @property
    def hub(self) -> bool:
        """Whether it is a repository of the hub."""
        return self.url.startswith(HUB)

    @property
    def repository(self) -> str:
        """``organisation/name`` on the hub."""
        return self.url.removeprefix(HUB)

    def place(self, name: str) -> str:
        """The target, relative to data/raw, of the source that is called ``name``."""
        return self.target or (name if self.hub else _last_part(self.url))


def is_below(path: str) -> bool:
    """Whether a relative path stays in the folder it starts from and is no hidden file of it."""
    parts = PurePosixPath(path).parts
    plain = all(part != ".." and "\\" not in part and part.isprintable() for part in parts)
    return bool(parts) and plain and not path.startswith("/") and not parts[0].startswith(".")


def _last_part(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).name


def _expect_web_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"url: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("url: neither https://…, http://… nor hf:organisation/name")
