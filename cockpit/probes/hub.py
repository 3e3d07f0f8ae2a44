"""The Hugging Face hub: whose token this is, what a repository is, and putting files into it.

Its client is loaded only here and only when somebody shares. A token is never in a message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.domain.secrets import REDACTED, redact
from cockpit.domain.text import safe
from cockpit.errors import CockpitError, UsageError

TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


class HubRefused(CockpitError):
    """The hub cannot be reached, or does not do what was asked."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Token:
    """What the hub knows a person by."""

    name: str  # the variable, or where it was left
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Repository:
    """What the hub has under a name."""

    exists: bool
    private: bool = True
    files: tuple[str, ...] = ()


def repository_name(reference: str) -> str:
    """``org/name`` of ``hf:org/name``.

    Raises:
        UsageError: it is none.
    """
    kind, _, name = reference.partition(":")
    if kind != "hf" or not _REPOSITORY.fullmatch(name) or ".." in name or "--" in name:
        raise UsageError(f"{safe(reference)} is no repository", "Cannot share there", "Example: hf:ada/small-gpt")
    return name


def find_token() -> Token:
    """The token that a person has set or logged in with.

    Raises:
        HubRefused: there is none.
    """
    for name in TOKENS:
        if value := os.environ.get(name, "").strip():
            return Token(name, value)
    from huggingface_hub import get_token

    value = get_token() or ""
    if not value:
        raise HubRefused("There is no token for the hub", "Not logged in", "Log in: hf auth login, or set HF_TOKEN")
    return Token("hf auth login", value)


class Hub:
    """The hub at ``HF_ENDPOINT``, as the owner of ``token`` sees it."""

    def __init__(self, token: Token) -> None:
        from huggingface_hub import HfApi
        from huggingface_hub.utils.tqdm import disable_progress_bars

        disable_progress_bars()
        self._token = token
        self._api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=token.value)

    @property
    def endpoint(self) -> str:
        """Where it is."""
        return str(self._api.endpoint)

    def account(self) -> str:
        """Whose token it is.

        Raises:
            HubRefused: the hub does not know it.
        """
        with self._told():
            found: Mapping[str, Any] = self._api.whoami()
        return str(found.get("name", "unknown"))

    def look(self, repository: str) -> Repository:
        """What is there now.

        Raises:
            HubRefused: it cannot be told.
        """
        from huggingface_hub.errors import RepositoryNotFoundError

        with self._told():
            try:
                found = self._api.model_info(repository)
            except RepositoryNotFoundError:
                return Repository(exists=False)
        if str(found.id).lower() != repository.lower():  # it leads on from the old name of one that was moved
            raise HubRefused(f"{repository} has become {safe(found.id)}", "It is another repository")
        files = tuple(sorted(sibling.rfilename for sibling in found.siblings or ()))
        return Repository(exists=True, private=bool(found.private), files=files)

    def create(self, repository: str, *, private: bool) -> None:
        """Make it.

        Raises:
            HubRefused: it is there already, or may not be made.
        """
        with self._told():
            self._api.create_repo(repository, private=private)

    def upload(self, repository: str, files: Mapping[str, Path]) -> str:
        """Put files into it in one commit; gives where that is to be seen.

        Raises:
            HubRefused: not all of them are there now.
        """
        from huggingface_hub import CommitOperationAdd

        added = [CommitOperationAdd(name, str(path)) for name, path in files.items()]
        with self._told():
            return str(self._api.create_commit(repository, added, commit_message="Weights from cockpit").commit_url)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Every way in which the client fails, in one sentence without the token."""
        try:
            yield
        except Exception as error:  # the client, its HTTP library and the uploader each raise their own
            if type(error).__name__ == "OfflineModeIsEnabled":
                raise HubRefused("HF_HUB_OFFLINE is set here", "The hub is offline", "unset HF_HUB_OFFLINE") from None
            lines = str(error).replace(self._token.value, REDACTED).splitlines() or [""]
            words = next((line for line in lines if line.strip()), type(error).__name__)
            raise HubRefused(safe(redact(words), 300), "The hub refused") from None
