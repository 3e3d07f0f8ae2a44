"""Which ML project is this: its folders, its configs, and what the checklist wants to know."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.domain.text import safe
from cockpit.errors import ConfigError

if TYPE_CHECKING:
    from cockpit.domain.checklist import ProjectFacts
    from cockpit.probes.gpu import GpuReport
    from cockpit.settings import Settings

SETTINGS_FILE = "cockpit.toml"
_MARKERS = (SETTINGS_FILE, "pyproject.toml", "configs", "runs", ".git", "requirements.txt", "environment.yml")
_CONFIG_LIMIT = 1 << 20  # bytes; a config is written by hand
_DEPTH_LIMIT = 50
_WALK_LIMIT, _WALK_SECONDS = 200_000, 2.0


@dataclass(frozen=True, slots=True)
class Project:
    """A project's folders; all absolute."""

    root: Path
    read_only: bool = False  # somebody only looks: no action exists

    @property
    def name(self) -> str:
        """What it is called: its folder."""
        return self.root.name or str(self.root)

    @property
    def settings_file(self) -> Path:
        """Where its settings are, if it has any."""
        return self.root / SETTINGS_FILE

    @property
    def settings(self) -> Settings:
        """What its ``cockpit.toml`` says.

        Raises:
            SettingsError: the file cannot be used.
        """
        from cockpit.settings import load_settings

        return load_settings(self.settings_file)

    @property
    def runs_folder(self) -> Path:
        """Where its runs lie."""
        return self.root / self.settings.runs

    @property
    def configs_folder(self) -> Path:
        """Where its configs lie."""
        return self.root / self.settings.configs

    @property
    def data_folder(self) -> Path:
        """Where its data lie."""
        return self.root / self.settings.data


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A config and what it says; ``error`` if it cannot be used."""

    path: Path
    error: str = ""
    model: str = ""  # class path
    max_steps: int | None = None
    max_epochs: int | None = None
    seed: int | None = None
    accelerator: str = "auto"
    devices: str = "auto"
    precision: str = "32-true"
    kept: int | None = None  # checkpoints that are kept
    shipped: bool = False

    @property
    def name(self) -> str:
        """What its runs are called."""
        return self.path.stem


def find_project(start: Path) -> Project:
    """The nearest folder from ``start`` upwards that looks like a project; ``start`` itself if none does."""
    start = start.absolute()
    home = Path.home()
    for folder in (start, *start.parents):
        if folder == home and folder != start:
            break
        if any((folder / marker).exists() for marker in _MARKERS):
            return Project(folder)
    return Project(start)


def shipped_configs_folder() -> Path | None:
    """Where the configs of the shipped trainers lie; found without importing them."""
    spec = importlib.util.find_spec("trainers")
    if spec is None or not spec.origin:
        return None
    package = Path(spec.origin).parent
    return next((f for f in (package / "configs", package.parent / "configs") if f.is_dir()), None)


def configs(project: Project) -> list[ConfigFile]:
    """The project's configs, shortest training first; the shipped ones where it has none."""
    own = _config_paths(project.configs_folder)
    shipped = shipped_configs_folder() if not own else None
    paths = own or (_config_paths(shipped) if shipped else [])
    found = [read_config(path, shipped=not own) for path in paths]
    return sorted(found, key=lambda c: (bool(c.error), c.max_steps or 10**9, c.max_epochs or 10**9, c.name))


def _config_paths(folder: Path) -> list[Path]:
    return sorted(p for pattern in ("*.yaml", "*.yml") for p in folder.glob(pattern) if p.is_file())


def read_config(path: Path, *, shipped: bool = False) -> ConfigFile:
    """What a config says; a file that cannot be used is told by ``error``, never raised."""
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


def parse_config(text: str) -> dict[str, Any]:
    """The sections of a config.

    Raises:
        ConfigError: it is none; the message has the line.
    """
    import yaml

    try:
        if refusal := _bomb(text):
            raise ConfigError(refusal)
        tree = yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise ConfigError(safe(f"{where}{getattr(error, 'problem', None) or error}")) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(safe(f"{type(error).__name__}: {error}")) from None
    if not isinstance(tree, dict):
        raise ConfigError("not a mapping of sections")
    return tree


def _bomb(content: str) -> str:
    """Why a text of YAML is not loaded: a few lines of it can take gigabytes or minutes; empty if they cannot."""
    import yaml

    depth = 0
    for event in yaml.parse(content, yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            return "YAML aliases are not supported"
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH_LIMIT:
            return f"nested deeper than {_DEPTH_LIMIT} levels: not a config"
    return ""


def facts_of(path: Path, tree: dict[str, Any], shipped: bool) -> ConfigFile:
    """What a parsed config says."""
    trainer, model = _section(tree, "trainer"), _section(tree, "model")
    callbacks = trainer.get("callbacks")
    savers = [
        _section(callback, "init_args")
        for callback in (callbacks if isinstance(callbacks, list) else [])
        if isinstance(callback, dict) and str(callback.get("class_path", "")).endswith("ModelCheckpoint")
    ]
    seed = tree.get("seed_everything")
    return ConfigFile(
        path,
        model=safe(model.get("class_path", "")),
        max_steps=_positive(trainer.get("max_steps")),
        max_epochs=_positive(trainer.get("max_epochs")),
        seed=seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
        accelerator=safe(trainer.get("accelerator", "auto")),
        devices=safe(trainer.get("devices", "auto")),
        precision=safe(trainer.get("precision", "32-true")),
        kept=_positive(savers[0].get("save_top_k", 1)) if savers else 1,
        shipped=shipped,
    )


def _section(tree: dict[str, Any], name: str) -> dict[str, Any]:
    section = tree.get(name)
    return section if isinstance(section, dict) else {}


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def gather(project: Project, gpus: GpuReport) -> ProjectFacts:
    """Everything the checklist looks at. Walks the data folder: not for an event loop."""
    from cockpit.domain.checklist import GpuFact, ProjectFacts
    from cockpit.probes.environment import environment, installed

    place = environment()
    found = configs(project)
    size, files = _measure(project.data_folder)
    return ProjectFacts(
        environment_kind=place.kind,
        environment_name=place.name,
        environment_prefix=place.prefix,
        packages={name: installed(name) for name in ("torch", "lightning")},
        gpus=[GpuFact(g.name, tuple(f"{p.user} {p.name}" for p in g.processes if not p.mine)) for g in gpus.gpus],
        gpu_error=gpus.error,
        gpu_remedy=gpus.remedy,
        data_exists=project.data_folder.is_dir(),
        data_bytes=size,
        data_files=files,
        data_parts=tuple(part for part in ("raw", "processed") if (project.data_folder / part).is_dir()),
        configs=[c.path.name for c in found if not c.error],
        configs_shipped=bool(found) and found[0].shipped,
        broken_configs={c.path.name: c.error for c in found if c.error},
        trackers=list(_trackers(project.root, tensorboard=installed("tensorboard") is not None)),
    )


def _trackers(root: Path, *, tensorboard: bool) -> Iterator[str]:
    if tensorboard:
        yield "TensorBoard"
    if (root / "wandb").is_dir() or (root / ".wandb").is_dir():
        yield "Weights & Biases"
    if (root / "mlruns").is_dir() or (root / "mlflow.db").exists():
        yield "MLflow"


def _measure(folder: Path) -> tuple[int, int]:
    """Bytes and files below a folder, as far as two seconds reach; a README alone is no data."""
    total = files = 0
    deadline = time.monotonic() + _WALK_SECONDS
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name in ("README.md", ".gitkeep", ".gitignore"):
                continue
            try:
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118
                files += 1
            except OSError:
                continue
        if files > _WALK_LIMIT or time.monotonic() > deadline:
            break
    return total, files
