"""``cockpit.toml``: what a project may set. Every setting has a default, so the file may be missing.

pydantic checks the file and is imported only where there is one: it costs a tenth of a second.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from annotated_types import Ge, MinLen

from cockpit.domain.policy import Action, Policy
from cockpit.domain.text import safe
from cockpit.errors import SettingsError

T = TypeVar("T")
_FORBID_EXTRA = {"extra": "forbid"}
_LIMIT = 1 << 20  # bytes; the file is written by hand


def _option(default: T, meaning: str) -> T:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
class Launch:
    """How runs are started."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA
    command: Annotated[str, MinLen(1)] = _option(
        "{python} -m trainers fit --config {config}",
        "what trains; {python} is the environment's interpreter, {config} the run's own copy",
    )
    env_pass: tuple[str, ...] = _option((), "keys that runs may see, by variable name; every other one is held back")

    def __post_init__(self) -> None:
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise ValueError(f"command: {error}") from None
        if not any("{config}" in word for word in words):
            raise ValueError("command: it has no {config}")

    def argv(self, python: str, config: Path) -> tuple[str, ...]:
        """The command for one run."""
        words = shlex.split(self.command)
        return tuple(word.replace("{python}", python).replace("{config}", str(config)) for word in words)


@dataclass(frozen=True, slots=True)
class Cost:
    """What computing costs."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA
    gpu_hour: Annotated[float, Ge(0)] | None = _option(
        None, "price of one GPU for an hour; without it no money is told"
    )
    currency: str = _option("USD", "what the price is in")


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """When a light yes is enough; nothing dangerous ever goes without one."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA
    light_minutes: Annotated[float, Ge(0)] = _option(10.0, "a start no longer than this asks lightly")
    light_gpus: Annotated[int, Ge(0)] = _option(1, "a start on no more GPUs than this asks lightly")
    unmeasured: Literal["typed", "light"] = _option("typed", "how a start asks whose length nobody has measured")
    actions: Mapping[Action, Literal["ask", "deny"]] = field(
        default_factory=dict,
        metadata={"meaning": f"ask (the default) or deny, for each of {', '.join(Action)}"},
    )

    @property
    def policy(self) -> Policy:
        """What the guard goes by."""
        return Policy(denied=frozenset(action for action, rule in self.actions.items() if rule == "deny"))


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a project may set; folders are absolute or below the project's."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA
    data: Annotated[str, MinLen(1)] = _option("data", "folder of the data")
    runs: Annotated[str, MinLen(1)] = _option("runs", "folder of the runs")
    configs: Annotated[str, MinLen(1)] = _option("configs", "folder of the configs")
    trackers: tuple[Literal["tensorboard"], ...] = _option(("tensorboard",), "where the shipped trainers log besides")
    palette: Literal["auto", "full", "sixteen"] = _option("auto", "colours of the screen")
    launch: Launch = field(default_factory=Launch)
    cost: Cost = field(default_factory=Cost)
    guard: GuardSettings = field(default_factory=GuardSettings)


def load_settings(path: Path) -> Settings:
    """The settings in this file, the defaults if it is missing; read again only when it has changed.

    Raises:
        SettingsError: the file cannot be read or says what it must not; the message has the line.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}", "cockpit.toml cannot be read") from None
    return _read(path, status.st_ino, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, inode: int, changed: int, size: int) -> Settings:
    import tomllib

    from pydantic import TypeAdapter, ValidationError

    if size > _LIMIT:
        raise SettingsError(f"{path} is larger than 1 MiB", "cockpit.toml cannot be used")
    try:
        text = path.read_text()
        tree = tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}", "cockpit.toml cannot be read") from None
    except ValueError as error:  # not UTF-8, or not TOML; the parser's words have the line
        raise SettingsError(f"{path}: {safe(error)}", "cockpit.toml does not parse") from None
    try:
        # as JSON, because pydantic's strict mode takes no list for a tuple from Python
        return TypeAdapter(Settings).validate_json(json.dumps(tree, default=str), strict=True)
    except ValidationError as error:
        raise _told(path, text, error.errors(include_url=False)[0]) from None


def _told(path: Path, text: str, problem: Any) -> SettingsError:
    place = tuple(str(part) for part in problem["loc"])
    name = ".".join(part for part in place if part != "[key]")
    line = _line_of(text, place)
    where = f"{path}, line {line}" if line else str(path)
    known = _names(place[:-1])
    if problem["type"] == "unexpected_keyword_argument":
        close = difflib.get_close_matches(place[-1], known, 1)
        hint = f"Did you mean {close[0]}?" if close else f"There is: {', '.join(known)}"
        return SettingsError(f"{where}: there is no setting {safe(name)}", "cockpit.toml has an unknown setting", hint)
    return SettingsError(
        f"{where}: {safe(name)}: {safe(problem['msg'].removeprefix('Value error, '))}",
        "cockpit.toml cannot be used",
        "Each setting with its meaning: cockpit config --explain",
    )


def _names(sections: tuple[str, ...]) -> list[str]:
    node: Any = Settings()
    for section in sections:
        node = getattr(node, section, None)
    return [option.name for option in dataclasses.fields(node)] if dataclasses.is_dataclass(node) else []


def _line_of(text: str, place: tuple[str, ...]) -> int | None:
    """The line (from 1) where a setting is written, or the nearest section above it."""
    section: tuple[str, ...] = ()
    found: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        head = re.match(r"\s*\[+\s*([^]]+?)\s*\]", line)
        if head:
            section = tuple(part.strip(" \"'") for part in head[1].split("."))
            if place[: len(section)] == section:
                found = number
        name, equals, _ = line.partition("=")
        here = (*section, *(part.strip(" \"'") for part in name.split(".")))
        if equals and place[: len(here)] == here:
            return number
    return found
