"""Which ML project is this: its folders, its configs, and what the checklist wants to know."""

from cockpit.probes.yaml_text import parse_config
from cockpit.project.config_files import (
    ConfigFile,
    configs,
    facts_of,
    read_config,
    read_tree,
    shipped_configs_folder,
)
from cockpit.project.folders import SETTINGS_FILE, Project, find_project
from cockpit.project.gathering import gather
from cockpit.project.tracking import chosen_trackers

__all__ = [
    "SETTINGS_FILE",
    "ConfigFile",
    "Project",
    "chosen_trackers",
    "configs",
    "facts_of",
    "find_project",
    "gather",
    "parse_config",
    "read_config",
    "read_tree",
    "shipped_configs_folder",
]
