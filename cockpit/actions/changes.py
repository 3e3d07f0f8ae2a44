"""What is another than it was when a checkpoint was saved: config, packages, device, number of processes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.actions.overrides import apply_overrides
from cockpit.domain.hyperparameters import MAX_EPOCHS, MAX_STEPS
from cockpit.domain.marks import limits_after
from cockpit.domain.resume import (
    Difference,
    Surroundings,
    config_differences,
    environment_differences,
    schedule_warnings,
)
from cockpit.domain.run import Checkpoint, Launch, RunState
from cockpit.domain.text import safe
from cockpit.errors import CockpitError
from cockpit.probes.environment import packages
from cockpit.probes.gpu import GpuReport
from cockpit.probes.yaml_text import parse_config
from cockpit.project.config_files import ConfigFile, facts_of, read_tree
from cockpit.runs.layout import RunPaths

_CPU, _NO_GPU = "CPU", "no GPU"


@dataclass(frozen=True, slots=True)
class Changes:
    """Between a checkpoint and now.

    Attributes:
        config: between what the checkpoint was trained with and the run's copy, which a resume uses.
        file: between the run's copy and the person's file today, which a resume does not use.
        surroundings: of packages, device and processes.
        schedule: why the resume may do nothing, or with another learning rate.
        unknown: what could not be compared, and why.
    """

    config: tuple[Difference, ...]
    file: tuple[Difference, ...]
    surroundings: tuple[Difference, ...]
    schedule: tuple[str, ...]
    unknown: tuple[str, ...]


def changes_since(run: RunPaths, state: RunState, launch: Launch, checkpoint: Checkpoint, gpus: GpuReport) -> Changes:
    """Compare; nothing is changed, nothing is run."""
    unknown: list[str] = []

    def tree(path: Path) -> dict[str, Any]:
        try:
            return read_tree(path)
        except CockpitError as error:
            unknown.append(f"{safe(path)}: {error.message}")
            return {}

    own: dict[str, Any] = {}
    then, today = own, own
    if launch.config:  # a script has none that is known here
        own = tree(run.config)
        saved = run.attempt_config(checkpoint.attempt)
        then = tree(saved) if saved.exists() else {}
        if not saved.exists():
            unknown.append("the config of the checkpoint was not recorded")
        today = _as_launched(Path(launch.config), launch.overrides, unknown)
    config = facts_of(run.config, own, shipped=False)
    installed = packages(launch.python)
    if not Path(launch.python).exists():
        unknown.append(f"{safe(launch.python)} is gone: the environment has to be made again")
    return Changes(
        config=config_differences(then, own) if then and own else (),
        file=config_differences(own, today) if own and today else (),
        surroundings=environment_differences(
            Surroundings(launch.packages, _device_name(state.device), state.processes),
            Surroundings(installed, _device_now(config, gpus), _processes_now(config, gpus)),
        ),
        schedule=_schedule(state, checkpoint, config),
        unknown=tuple(unknown),
    )


def _schedule(state: RunState, checkpoint: Checkpoint, config: ConfigFile) -> tuple[str, ...]:
    """Its warnings, with the lengths that a person gave the run on the way and the resume sets again."""
    limits = {MAX_STEPS: config.max_steps, MAX_EPOCHS: config.max_epochs}
    limits, as_now = limits_after(state.marks, checkpoint.changes, limits)
    planned = state.steps_total if as_now else None
    return schedule_warnings(checkpoint.step, checkpoint.epoch, limits[MAX_STEPS], limits[MAX_EPOCHS], planned)


def _as_launched(path: Path, overrides: tuple[str, ...], unknown: list[str]) -> dict[str, Any]:
    """The person's file with what was set for this run."""
    try:
        return parse_config(apply_overrides(path.read_bytes(), overrides).decode())
    except (CockpitError, OSError, UnicodeDecodeError) as error:
        unknown.append(f"{safe(path)}: {safe(getattr(error, 'strerror', None) or error)}")
        return {}


def _device_name(recorded: str) -> str:
    """``cuda:0 NVIDIA H100`` by the name of the GPU, as it may get another number."""
    kind, _, name = recorded.partition(" ")
    return name or (_CPU if kind == "cpu" else kind)


def _visible(gpus: GpuReport) -> list[str]:
    return [gpu.name for gpu in gpus.gpus if gpu.visible]


def _device_now(config: ConfigFile, gpus: GpuReport) -> str:
    names = _visible(gpus)
    if config.accelerator == "cpu" or (config.accelerator == "auto" and not names):
        return _CPU
    return names[0] if names else _NO_GPU


def _processes_now(config: ConfigFile, gpus: GpuReport) -> int | None:
    """How many would train together on this machine; None where the config leaves it to something else."""
    wanted = config.devices
    if wanted in ("auto", "-1"):
        names = _visible(gpus)
        return 1 if config.accelerator == "cpu" or not names else len(names)
    if wanted.isdigit():
        return int(wanted)
    try:
        return len(json.loads(wanted))
    except (ValueError, TypeError):
        return None
