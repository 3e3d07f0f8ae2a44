"""The deed that every start ends in: its permits are spent, the run is made, its command launched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from cockpit.actions.environment import ChildEnvironment
from cockpit.actions.growth import watch_of
from cockpit.actions.keys import Launching, spending
from cockpit.domain.guard import Guard, Permit
from cockpit.domain.run import Launch
from cockpit.errors import LaunchError
from cockpit.project import Project
from cockpit.runner.attempt import LaunchSpec
from cockpit.runner.launch import launch
from cockpit.runs.layout import ENV_SCRIPT, RunPaths
from cockpit.runs.record import create_run


class Beginning(Launching, Protocol):
    """A run that has been thought through."""

    @property
    def project(self) -> Project:
        """Where it is kept."""

    @property
    def argv(self) -> tuple[str, ...]:
        """Its command."""

    @property
    def environment(self) -> ChildEnvironment:
        """What its command sees."""


def begin(
    plan: Beginning,
    permit: Permit,
    guard: Guard,
    keys: Permit | None,
    *,
    record: Launch,
    config: bytes | None,
    recorded: bool,
) -> RunPaths:
    """Make the run and launch its command, as a person has agreed to.

    Args:
        plan: thought through anew.
        permit: for its question.
        guard: that gave it.
        keys: likewise for its question on keys, where it has one.
        record: what is written down of it.
        config: its own copy, where it trains one.
        recorded: whether the recorder has to get in by itself.

    Raises:
        PermitVoid: a permit is missing, does not cover it, or the facts have changed since.
        LaunchError: it could not be started; nothing was left running.
    """
    with spending(guard, plan, permit, keys):
        try:
            run = create_run(plan.project.runs_folder, record, config)
        except OSError as error:
            raise LaunchError(f"{plan.project.runs_folder}: {error.strerror}", "Cannot make the run") from None
        child = plan.environment
        added = {**child.added, **(recording(os.environ) if recorded else {})}
        watch = watch_of(plan.project, child)
        launch(LaunchSpec(run, plan.argv, record.folder, added, child.unset, watch=watch))
    return run


def recording(environment: Mapping[str, str]) -> dict[str, str]:
    """The variable by which every Python below a launch finds the recorder, also in an environment without cockpit."""
    hooks = str(Path(__file__).parent.parent / "recorder" / "startup")
    before = environment.get("PYTHONPATH", "")
    return {ENV_SCRIPT: "1", "PYTHONPATH": f"{hooks}{os.pathsep}{before}" if before else hooks}
