"""What a person has called each key, remembered by a salted hash; a key itself is never written."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from cockpit.domain.keys import Key, Kind
from cockpit.domain.secrets import secrets_in, secrets_of
from cockpit.errors import CannotWrite
from cockpit.runs.atomic import write_atomic

SCHEMA = 1
_COST = 1 << 12  # of scrypt: about 10 ms and 4 MiB for each key


def keyring_path() -> Path:
    """``cockpit/keys.json`` below ``$XDG_CONFIG_HOME``, else below ``~/.config``."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "cockpit" / "keys.json"


class Keyring:
    """Knows what keys are called. A file that cannot be read names none, so that each is asked for again."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or keyring_path()
        self._salt, self._kinds = _read(self._path)

    def in_environment(self, environment: Mapping[str, str]) -> tuple[Key, ...]:
        """The keys among some variables, by name."""
        return tuple(self._key(secret.name, secret.value) for secret in secrets_of(environment))

    def in_config(self, content: str) -> tuple[Key, ...]:
        """The keys written in a config, by line."""
        return tuple(self._key(secret.name, secret.value, written=True) for secret in secrets_in(content))

    def of(self, name: str, value: str) -> Key:
        """One key whose value is known."""
        return self._key(name, value)

    def known(self, fingerprint: str) -> Key:
        """One key of which nothing but the fingerprint is known, which is its name then."""
        return Key(fingerprint, fingerprint, Kind(self._kinds.get(fingerprint, Kind.UNKNOWN)))

    def remember(self, fingerprint: str, kind: Kind) -> None:
        """Call the key of this fingerprint so from now on, wherever it is met.

        Raises:
            CannotWrite: the file cannot be written.
        """
        kinds = {**_read(self._path)[1], fingerprint: kind.value}
        try:
            self._write(kinds)
        except OSError as error:
            raise CannotWrite(self._path, error, "The key cannot be remembered") from None
        self._kinds = kinds

    def _write(self, kinds: Mapping[str, str]) -> None:
        record = {"schema": SCHEMA, "salt": self._salt.hex(), "keys": dict(kinds)}
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(self._path, json.dumps(record, indent=1) + "\n")

    def _key(self, name: str, value: str, *, written: bool = False) -> Key:
        if not self._path.exists():
            with suppress(OSError):  # or the next process would call this key by another fingerprint
                self._write({})
        fingerprint = _fingerprint(value, self._salt)
        return Key(name, fingerprint, Kind(self._kinds.get(fingerprint, Kind.UNKNOWN)), written)


def _read(path: Path) -> tuple[bytes, dict[str, str]]:
    try:
        record = json.loads(path.read_bytes())
        salt, kinds = bytes.fromhex(record["salt"]), dict(record["keys"])
    except (OSError, ValueError, KeyError, TypeError):
        return _new_salt(), {}
    return salt, {fingerprint: kind for fingerprint, kind in kinds.items() if kind in (Kind.PRODUCTION, Kind.TEST)}


@cache
def _new_salt() -> bytes:
    """One for the life of this process, until the first key is remembered with it."""
    return secrets.token_bytes(16)


@cache
def _fingerprint(value: str, salt: bytes) -> str:
    data = value.encode("utf-8", "surrogateescape")
    return hashlib.scrypt(data, salt=salt, n=_COST, r=8, p=1, dklen=4).hex()
