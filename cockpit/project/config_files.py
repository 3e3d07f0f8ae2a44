"""The configs of a project, and what they say; nothing of them is run."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from cockpit.domain import llamafactory
from cockpit.domain.arguments import Plan, Said, of_config
from cockpit.domain.shape import ConfigKind, config_kind
from cockpit.domain.text import safe
from cockpit.errors import ConfigError
from cockpit.probes.yaml_text import parse_config
from cockpit.project.folders import Project
from cockpit.project.inputs import absent, named_inputs

_CONFIG_LIMIT = 1 << 20  # bytes; a config is written by hand
_BESIDE_LIMIT, _BESIDE_BYTES = 30, 1 << 16  # YAML files in the project's own folder that are looked into


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A config and what it says; ``error`` if it cannot be used."""

    path: Path
    error: str = ""
    kind: ConfigKind = "other"  # who reads it
    model: str = ""  # class path
    max_steps: int | None = None
    max_epochs: int | None = None
    seed: int | None = None
    said: Plan = field(
        default_factory=Plan
    )  # seed and length with where they stand, of one that a script of one's own reads
    accelerator: str = "auto"
    devices: str = "auto"
    precision: str = "32-true"
    kept: int | None = None  # checkpoints that are kept
    loggers: tuple[str, ...] = ()  # classes of the trackers that it names
    inputs: tuple[tuple[str, str], ...] = ()  # files and folders that it reads, and the key of each
    shipped: bool = False
    test: bool = False  # it trains on a part only: fast_dev_run, limit_train_batches and their like

    @property
    def name(self) -> str:
        """What its runs are called."""
        return self.path.stem


def shipped_configs_folder() -> Path | None:
    """Where the configs of the shipped trainers lie; found without importing them."""
    spec = importlib.util.find_spec("trainers")
    if spec is None or not spec.origin:
        return None
    package = Path(spec.origin).parent
    return next((f for f in (package / "configs", package.parent / "configs") if f.is_dir()), None)


def configs(project: Project) -> list[ConfigFile]:
    """The project's configs, shortest training first, without what they read last; the shipped ones if it has none."""
    found = [read_config(path) for path in _config_paths(project.configs_folder)]
    if project.configs_folder != project.root:
        # beside the code lie other YAML files too: only what is surely a config counts
        beside = map(read_config, filter(_is_small, _config_paths(project.root)[:_BESIDE_LIMIT]))
        found += [config for config in beside if config.kind != "other"]
    if not found and (folder := shipped_configs_folder()):
        found = [read_config(path, shipped=True) for path in _config_paths(folder)]
    return sorted(
        found,
        key=lambda c: (
            bool(c.error), bool(absent(project.root, c.inputs)), c.max_steps or 10**9, c.max_epochs or 10**9, c.name
        ),
    )  # fmt: skip


def _config_paths(folder: Path) -> list[Path]:
    return sorted(p for pattern in ("*.yaml", "*.yml") for p in folder.glob(pattern) if p.is_file())


def _is_small(path: Path) -> bool:
    try:
        return path.stat().st_size <= _BESIDE_BYTES
    except OSError:
        return False


def read_config(path: Path, *, shipped: bool = False) -> ConfigFile:
    """What a config says, read again only when it has changed; one that cannot be used is told by ``error``."""
    try:
        status = path.stat()
    except OSError as error:
        return ConfigFile(path, error=safe(f"{type(error).__name__}: {error}"))
    return _read(path, shipped, status.st_ino, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _read(path: Path, shipped: bool, inode: int, changed: int, size: int) -> ConfigFile:
    try:
        return facts_of(path, read_tree(path), shipped)
    except ConfigError as error:
        return ConfigFile(path, error=error.message)


def read_tree(path: Path) -> dict[str, Any]:
    """A config as it parses.

    Raises:
        ConfigError: it cannot be read, or is no config; the message has the line.
    """
    try:
        if path.stat().st_size > _CONFIG_LIMIT:
            raise ConfigError("larger than 1 MiB: not a config")
        return parse_config(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(safe(f"{type(error).__name__}: {error}")) from None


def facts_of(path: Path, tree: dict[str, Any], shipped: bool) -> ConfigFile:
    """What a parsed config says."""
    trainer, model = _section(tree, "trainer"), _section(tree, "model")
    callbacks = trainer.get("callbacks")
    savers = [
        _section(callback, "init_args")
        for callback in (callbacks if isinstance(callbacks, list) else [])
        if isinstance(callback, dict) and str(callback.get("class_path", "")).endswith("ModelCheckpoint")
    ]
    seed, kind = tree.get("seed_everything"), config_kind(tree)
    if kind == "llamafactory":
        told = llamafactory.config_facts(tree)
        return ConfigFile(path, kind=kind, shipped=shipped, **told | {"model": safe(told["model"])})
    said = of_config(tree, safe(path.name)) if kind == "other" else Plan()
    return ConfigFile(
        path,
        kind=kind,
        said=said,
        model=safe(model.get("class_path", "")),
        max_steps=_positive(trainer.get("max_steps")) if kind == "lightning" else _value(said.steps),
        max_epochs=_positive(trainer.get("max_epochs")) if kind == "lightning" else _value(said.epochs),
        seed=_value(said.seed) if kind == "other" else seed if type(seed) is int else None,
        accelerator=safe(trainer.get("accelerator", "auto")),
        devices=safe(trainer.get("devices", "auto")),
        precision=safe(trainer.get("precision", "32-true")),
        kept=_positive(savers[0].get("save_top_k", 1)) if savers else 1,
        loggers=tuple(_loggers(trainer.get("logger"))),
        inputs=named_inputs(tree),
        shipped=shipped,
        test=_is_test(trainer),
    )


def _value(said: Said | None) -> int | None:
    return said.value if said is not None else None


def _is_test(trainer: dict[str, Any]) -> bool:
    """Whether Lightning is told to stop short of the data."""
    limits = [value for name, value in trainer.items() if str(name).startswith("limit_") and value is not None]
    # 1.0 is all of the data, and 1 is one batch
    return bool(trainer.get("fast_dev_run")) or any(type(limit) is not float or limit != 1.0 for limit in limits)


def _loggers(named: object) -> Iterator[str]:
    for one in named if isinstance(named, list) else [named]:
        if isinstance(one, dict) and isinstance(one.get("class_path"), str):
            yield safe(one["class_path"].rpartition(".")[2])


def _section(tree: dict[str, Any], name: str) -> dict[str, Any]:
    section = tree.get(name)
    return section if isinstance(section, dict) else {}


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
