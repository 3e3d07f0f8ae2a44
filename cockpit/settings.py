"""``cockpit.toml``: what a project may set. Every setting has a default, so the file may be missing.

pydantic checks the file and is imported only where there is one: it costs a tenth of a second.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from annotated_types import Ge, MinLen

from cockpit.domain.data_source import DataSource
from cockpit.domain.policy import Action, Policy
from cockpit.domain.script import CHECKPOINT
from cockpit.domain.text import safe
from cockpit.errors import SettingsError

T = TypeVar("T")
_FORBID_EXTRA = {"extra": "forbid"}
_SOURCE_NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,63}")
_LIMIT = 1 << 20  # bytes; the file is written by hand


SHIPPED = "{python} -m trainers fit --config {config}"  # the command of the trainers that come with cockpit


def _option(default: T, meaning: str, *, secret: bool = False) -> T:
    return field(default=default, metadata={"meaning": meaning, "secret": secret})


def _expect(command: str, place: str, setting: str) -> None:
    try:
        if any(place in word for word in shlex.split(command)):
            return
    except ValueError as error:
        raise ValueError(f"{setting}: {error}") from None
    raise ValueError(f"{setting}: it has no {place}")


@dataclass(frozen=True, slots=True)
class Launch:
    """How runs are started."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA
    command: str = _option(
        "",
        "what trains, e.g. {python} train.py fit --config {config} with the environment's interpreter and the run's "
        "own copy; empty: the project's LightningCLI script, else the shipped trainers",
    )
    resume: str = _option(
        "", "how a script of `cockpit run` goes on, where that is not recognised: python train.py --from {checkpoint}"
    )
    env_pass: tuple[str, ...] = _option((), "keys that runs may see, by variable name; every other one is held back")

    def __post_init__(self) -> None:
        _expect(self.command or SHIPPED, "{config}", "command")
        _expect(self.resume or CHECKPOINT, CHECKPOINT, "resume")

    @property
    def ours(self) -> bool:
        """Whether it starts the shipped trainers."""
        return "-m trainers" in self.command

    def argv(self, python: str, config: Path) -> tuple[str, ...]:
        """The command for one run."""
        words = shlex.split(self.command or SHIPPED)
        return tuple(word.replace("{python}", python).replace("{config}", str(config)) for word in words)


@dataclass(frozen=True, slots=True)
class ScriptSettings:
    """One script of ``cockpit run``."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA
    resume: str = _option("", "how it goes on; comes before [launch] resume")

    def __post_init__(self) -> None:
        _expect(self.resume or CHECKPOINT, CHECKPOINT, "resume")


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
    light_bytes: Annotated[int, Ge(0)] = _option(10**9, "a download of no more bytes than this asks lightly")
    growth_bytes: Annotated[int, Ge(0)] = _option(
        10**9, "a run is held when data and download caches have grown by more bytes than this since it began"
    )
    light_factor: Annotated[float, Ge(1)] = _option(
        2.0, "a change of the learning rate or length of a live run by no more than this factor asks lightly"
    )
    actions: Mapping[Action, Literal["ask", "deny"]] = field(
        default_factory=dict,
        metadata={"meaning": f"ask (the default) or deny, for each of {', '.join(Action)}"},
    )

    @property
    def policy(self) -> Policy:
        """What the guard goes by."""
        return Policy(denied=frozenset(action for action, rule in self.actions.items() if rule == "deny"))


@dataclass(frozen=True, slots=True)
class Share:
    """What others may get."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA
    licence: str = _option("", "of exported weights, by its identifier: apache-2.0, mit, cc-by-4.0; none by default")

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9.+-]{0,64}", self.licence):
            raise ValueError("licence: give its identifier, like apache-2.0")


@dataclass(frozen=True, slots=True)
class Alerts:
    """Who is told when a run ends or is in grave trouble."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA
    urls: tuple[str, ...] = _option(
        (), "apprise addresses (ntfy, Slack, mail, ...); more in COCKPIT_ALERTS, separated by spaces", secret=True
    )
    terminal: Literal["off", "bell", "osc9"] = _option("off", "what an open cockpit does besides showing it")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a project may set; folders are absolute or below the project's."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA
    data: Annotated[str, MinLen(1)] = _option("data", "folder of the data")
    runs: Annotated[str, MinLen(1)] = _option("runs", "folder of the runs")
    configs: Annotated[str, MinLen(1)] = _option("configs", "folder of the configs")
    trackers: tuple[Literal["tensorboard", "mlflow", "wandb"], ...] = _option(
        (), "where the shipped trainers log besides; by default TensorBoard, and what the project uses already"
    )
    palette: Literal["auto", "full", "sixteen"] = _option("auto", "colours of the screen")
    launch: Launch = field(default_factory=Launch)
    cost: Cost = field(default_factory=Cost)
    guard: GuardSettings = field(default_factory=GuardSettings)
    share: Share = field(default_factory=Share)
    alerts: Alerts = field(default_factory=Alerts)
    sources: Mapping[str, DataSource] = field(
        default_factory=dict, metadata={"meaning": "data that `cockpit fetch NAME` downloads", "each": DataSource}
    )

    scripts: Mapping[str, ScriptSettings] = field(
        default_factory=dict,
        metadata={"meaning": "a script of `cockpit run`, by its name as the command has it", "each": ScriptSettings},
    )

    def __post_init__(self) -> None:
        for folder in ("data", "runs", "configs"):
            if "\0" in getattr(self, folder):
                raise ValueError(f"{folder}: no path has a zero byte")
        for name in self.sources:
            if not _SOURCE_NAME.fullmatch(name):
                raise ValueError(f"sources: {name!r} is no name of letters, digits, dot, dash and underscore")


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
    if not stat.S_ISREG(status.st_mode):  # a pipe or device would never end
        raise SettingsError(f"{path} is not a file", "cockpit.toml cannot be read")
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
    except (ValueError, RecursionError) as error:  # not UTF-8, or not TOML; the parser's words have the line
        raise SettingsError(f"{path}: {safe(error)}", "cockpit.toml does not parse") from None
    try:
        # as JSON, because pydantic's strict mode takes no list for a tuple from Python
        return TypeAdapter(Settings).validate_json(json.dumps(tree, default=str), strict=True)
    except ValidationError as error:
        raise _told(path, text, error.errors(include_url=False)[0]) from None


def _told(path: Path, text: str, problem: Any) -> SettingsError:
    place = tuple(str(part) for part in problem["loc"])
    setting, colon, _ = problem["msg"].removeprefix("Value error, ").partition(": ")
    if problem["type"] == "value_error" and colon and setting in _names(place):
        place = (*place, setting)  # what a section says of one of its own settings
        problem = problem | {"msg": problem["msg"].replace(f"{setting}: ", "", 1)}
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
    for index, section in enumerate(sections):
        each = next((o.metadata.get("each") for o in dataclasses.fields(node) if o.name == section), None)
        if each is not None and len(sections) > index + 1:
            node = each
            break
        node = getattr(node, section, None)
        if not dataclasses.is_dataclass(node):
            break
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
