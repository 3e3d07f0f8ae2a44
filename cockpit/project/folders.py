"""A project's folders, and where it begins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cockpit.settings import Settings

SETTINGS_FILE = "cockpit.toml"
_MARKERS = (
    SETTINGS_FILE, "pyproject.toml", "configs", "runs", ".git", "requirements.txt", "environment.yml",
    "environment.yaml", "setup.cfg", "setup.py", "lightning_logs", "mlruns", "wandb",
)  # fmt: skip


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
