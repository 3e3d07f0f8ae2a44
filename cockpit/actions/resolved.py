"""The config as it would be trained: overrides in, and every default that the LightningCLI fills in."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cockpit.actions.environment import child_environment, outside_runs
from cockpit.actions.script import source_of
from cockpit.domain.secrets import redactor
from cockpit.domain.text import rough_duration
from cockpit.errors import ConfigError, LaunchError
from cockpit.probes.yaml_text import parse_config
from cockpit.project import Project
from cockpit.project.config_files import ConfigFile
from cockpit.project.launching import calls_cli, launch_of
from cockpit.runs.process import readable

LIMIT = 60.0  # seconds until it is given up; imports of torch from a cold disk take half of them
_LOOK = 0.2  # seconds between two looks at whether somebody still waits
_TITLE = "The config cannot be resolved"
_PRINT = "--print_config"
_BYTES = 1 << 20  # of the child's output
_LINES = 8  # of its last words
_HEAD = re.compile(r"^# (?:lightning\.pytorch|pytorch_lightning)==", re.MULTILINE)  # of a config that Lightning prints
_REFUSAL = re.compile(r"^.*error: ", re.MULTILINE)  # by jsonargparse, below a page of usage


@dataclass(frozen=True, slots=True)
class Resolved:
    """The text of a config, without its secrets; ``resolved`` where its own LightningCLI has read it."""

    config: str
    resolved: bool


def resolve_config(
    project: Project,
    config: ConfigFile,
    content: bytes,
    *,
    limit: float = LIMIT,
    called_off: Callable[[], bool] = lambda: False,
) -> Resolved:
    """What a start would train. It only looks: the child is offline, gets no key, and leaves nothing behind.

    Args:
        project: where it would run.
        config: what would run.
        content: of the run's own copy: the file, with what is set for this run.
        limit: seconds that the LightningCLI has.
        called_off: asked now and then; whether nobody waits for it any more.

    Raises:
        ConfigError: its LightningCLI refuses it, with its last words, or was not done in time.
        KeysUnnamed: nobody has said yet what a key is that the LightningCLI would see.
        NotPossible: the config holds a production key.
        LaunchError: the LightningCLI could not be started.
    """
    without_secrets = redactor(os.environ)
    if not _has_cli(project, config):
        return Resolved(without_secrets(content.decode(errors="replace")), resolved=False)
    environment = child_environment(project, content, test=True).apply(os.environ)
    with tempfile.TemporaryDirectory(prefix="cockpit-resolve-") as name:
        folder = Path(name)
        copy = folder / "config.yaml"
        copy.write_bytes(content)
        argv = (*launch_of(project, config).argv(sys.executable, copy), _PRINT)
        code, printed, words = _run(argv, project.root, environment, folder, limit, called_off)
    text = _config_in(printed)
    if code or not text:
        told = without_secrets(_last_words(words)) or f"It ended with code {code} and printed no config"
        raise ConfigError(told, _TITLE, "A run of this config would fail like that" if code else "")
    return Resolved(without_secrets(text), resolved=True)


def _has_cli(project: Project, config: ConfigFile) -> bool:
    """Whether the command is surely a LightningCLI: any other might take no notice of the option, and train."""
    launch = launch_of(project, config)
    if config.kind != "lightning":
        return False
    file, source = source_of(launch.argv(sys.executable, config.path), project.root)
    if not launch.ours:
        return calls_cli(source.encode())
    shipped = importlib.util.find_spec("trainers")
    if shipped is None or shipped.origin is None:
        return False
    # a package of that name in the project goes before the shipped one
    return file is None or file.parent.resolve() == Path(shipped.origin).parent.resolve()


def _run(
    argv: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    folder: Path,
    limit: float,
    called_off: Callable[[], bool],
) -> tuple[int, str, str]:
    """Exit code, output and errors of a child whose every process has ended."""
    around = outside_runs(environment) | {"TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    printed, words = folder / "printed", folder / "words"
    with open(printed, "wb") as output, open(words, "wb") as errors:
        try:
            child = subprocess.Popen(
                argv, cwd=cwd, env=around, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise LaunchError(f"{argv[0]}: {error.strerror}", _TITLE) from None
    ended = os.pidfd_open(child.pid)
    until = time.monotonic() + limit
    in_time = False
    try:
        while not in_time and time.monotonic() < until and not called_off():
            in_time = readable(ended, min(_LOOK, limit))
    finally:
        os.close(ended)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # not yet reaped: the group is still its own
        child.wait()
    if not in_time:
        raise ConfigError(f"It was not done after {rough_duration(limit)}", _TITLE)
    return child.returncode, _read(printed), _read(words)


def _read(path: Path) -> str:
    with open(path, "rb") as file:
        return file.read(_BYTES).decode(errors="replace")


def _config_in(printed: str) -> str:
    """The config at the end of what was printed; empty where there is none."""
    heads = list(_HEAD.finditer(printed))
    text = printed[heads[-1].start() :] if heads else printed
    try:
        return text if parse_config(text) else ""
    except ConfigError:
        return ""


def _last_words(words: str) -> str:
    """What a refusal says first, or else what was said last."""
    found = list(_REFUSAL.finditer(words))
    lines = words[found[-1].start() :].strip().splitlines() if found else words.strip().splitlines()
    return "\n".join(lines[:_LINES] if found else lines[-_LINES:])
