"""Which ML project is this: its folders here; its configs, scripts and what the checklist wants to know beside it."""

from cockpit.project.folders import SETTINGS_FILE, Project, find_project

__all__ = ["SETTINGS_FILE", "Project", "find_project"]
