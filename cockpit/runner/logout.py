"""Where logind ends a user's processes at logout (KillUserProcesses=yes): told beforehand, and kept away from runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cockpit.runs.requests import me

_FOLDERS = ("etc", "run", "usr/local/lib", "usr/lib", "lib")  # the first to have a file wins
_TRUE = ("1", "y", "yes", "t", "true", "on")  # as systemd reads booleans
_SCOPE = ("systemd-run", "--user", "--scope", "--quiet", "--collect", "--")


@dataclass(frozen=True, slots=True)
class Logout:
    """What the last logout would do to a run that is started now.

    Attributes:
        ends: the session's processes are ended.
        lingers: the user's service manager, and what runs below it, stays.
        scope: the words that start a command below the service manager; empty where there is none.
    """

    ends: bool = False
    lingers: bool = False
    scope: tuple[str, ...] = ()

    @property
    def spared(self) -> bool:
        """Whether a run stays."""
        return not self.ends or (self.lingers and bool(self.scope))

    @property
    def wrapper(self) -> tuple[str, ...]:
        """The words to put before the runner's command."""
        return self.scope if self.ends else ()

    def told(self) -> str:
        """What a person should know before a start; empty where there is nothing to know."""
        if not self.ends:
            return ""
        if self.spared:
            return "logind ends your processes then, but not this run: it gets a scope of its own"
        if self.scope:
            return "logind ends this run too, unless you first do: loginctl enable-linger"
        return "logind ends this run too (KillUserProcesses=yes, no user manager): ask an administrator"


def at_logout(root: Path = Path("/"), environment: Mapping[str, str] | None = None, user: str | None = None) -> Logout:
    """Look at this machine.

    Args:
        root: where its files lie.
        environment: variables; None for those of this process.
        user: a name; None for the user of this process.
    """
    environment = os.environ if environment is None else environment
    user = user or me()
    if not (root / "run/systemd/system").is_dir() or not _in_session(root / "proc/self/cgroup"):
        return Logout()
    settings = _settings(root)
    only = settings.get("KillOnlyUsers", "").split()
    spared = user in settings.get("KillExcludeUsers", "root").split() or (only and user not in only)
    if settings.get("KillUserProcesses", "no").lower() not in _TRUE or spared:
        return Logout()
    manager = Path(environment.get("XDG_RUNTIME_DIR", "/nonexistent")) / "systemd/private"
    reachable = manager.exists() and shutil.which(_SCOPE[0], path=environment.get("PATH")) is not None
    return Logout(True, (root / "var/lib/systemd/linger" / user).exists(), _SCOPE if reachable else ())


def _in_session(cgroup: Path) -> bool:
    """Whether this process belongs to a login session, and not to a service."""
    try:
        return any("/session-" in line and ".scope" in line for line in cgroup.read_text().splitlines())
    except OSError:
        return False


def _settings(root: Path) -> dict[str, str]:
    """logind.conf and its drop-ins, the later over the earlier, as logind.conf(5) orders them."""
    places = [root / folder / "systemd" for folder in _FOLDERS]
    main = next((place / "logind.conf" for place in places if (place / "logind.conf").is_file()), None)
    drop_ins: dict[str, Path] = {}
    for place in reversed(places):
        drop_ins |= {path.name: path for path in (place / "logind.conf.d").glob("*.conf")}
    found: dict[str, str] = {}
    for path in [*([main] if main else []), *(drop_ins[name] for name in sorted(drop_ins))]:
        try:
            lines = path.read_text(errors="replace").splitlines()
        except OSError:
            continue
        pairs = (line.partition("=") for line in lines if not line.lstrip().startswith(("#", ";")))
        found |= {key.strip(): value.strip() for key, equals, value in pairs if equals}
    return found
