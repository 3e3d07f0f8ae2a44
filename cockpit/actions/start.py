"""Starting a run: the facts a person is shown, then the deed."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from cockpit import project as projects
from cockpit.actions.overrides import apply_overrides
from cockpit.domain.guard import Action, Consent, Fact, Guard, Permit, Question
from cockpit.domain.run import Launch
from cockpit.domain.text import count, duration, shell_line, size
from cockpit.errors import ConfigError
from cockpit.probes.environment import environment, packages
from cockpit.probes.git import commit
from cockpit.probes.secrets import redact
from cockpit.project import ConfigFile, Project
from cockpit.runner.launch import LaunchSpec, launch
from cockpit.runs.layout import RunPaths, new_run_id
from cockpit.runs.process import boot_id
from cockpit.runs.record import create_run
