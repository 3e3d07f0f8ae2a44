"""A dry run: what a config or a script would cost, measured on some of its real steps."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cockpit.actions.begin import recording
from cockpit.actions.environment import ChildEnvironment, outside_runs
from cockpit.actions.expectation import code_state, device_key
from cockpit.actions.growth import watch_of
from cockpit.actions.script import ScriptPlan, plan_script
from cockpit.actions.start import StartPlan, plan_start
from cockpit.domain.estimate import Measurement, Misfit, measurement_of
from cockpit.domain.script import find_script
from cockpit.domain.secrets import redact
from cockpit.domain.text import rough_duration, size
from cockpit.errors import CockpitError, NotPossible
from cockpit.probes.gpu import GpuProbe
from cockpit.project import Project
from cockpit.project.config_files import ConfigFile
from cockpit.project.launching import launch_of
from cockpit.runner.asker import CalledOff, Progress, measure
from cockpit.runner.dryrun import FIRST_SIGN, DrySpec, Outcome
from cockpit.runs.estimates import load_estimate, save_estimate
from cockpit.runs.layout import ESTIMATES, EstimatePaths

__all__ = ["CalledOff", "Estimate", "EstimateFailed", "Progress", "estimate", "estimate_script"]

LIMIT = 900.0  # seconds until a dry run is given up
_LEFT = 86_400.0  # seconds after which the folder of a dry run that lost its keeper is removed
_DOWNLOADS = "What it downloads is fetched first, or allowed by [guard] growth_bytes in cockpit.toml"
_LINES = 4  # of the trainer's last words
_WHOSE = "A dry run counts the steps of a Trainer of Lightning or transformers"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What came of it, and the start as it would be asked now."""

    plan: StartPlan | ScriptPlan
    found: Measurement | Misfit
    cached: bool


class EstimateFailed(CockpitError):
    """The training failed before it could be measured."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class _Asked:
    """How a dry run is asked for."""

    again: bool
    tell: Callable[[Progress], None]
    called_off: Callable[[], bool]


def estimate(
    project: Project,
    config: ConfigFile,
    overrides: Sequence[str] = (),
    *,
    again: bool = False,
    tell: Callable[[Progress], None] = lambda _: None,
    called_off: Callable[[], bool] = lambda: False,
) -> Estimate:
    """Measure a config, unless that was done before on this device.

    Args:
        project: where it would run.
        config: what would run.
        overrides: ``key=value`` changes to it.
        again: measure whatever is known.
        tell: is called as it goes on, from this thread.
        called_off: is asked ten times a second.

    Raises:
        CalledOff: ``called_off`` said so; nothing is left behind.
        EstimateFailed: the training failed; the message has its last words.
        KeysUnnamed: nobody has said yet what a key is that it would see.
        NotPossible: the config holds a production key.
        LaunchError: the dry run could not be started.
    """
    plan = plan_start(project, config, overrides, test=True)

    watch = watch_of(project, plan.environment)

    def spec(folder: Path) -> DrySpec:
        argv = launch_of(project, plan.config).argv(sys.executable, EstimatePaths(folder).config)
        return DrySpec(str(folder), plan.content.decode(), argv, str(project.root), LIMIT, watch.folders, watch.limit)

    device = device_key(plan.config, GpuProbe().sample())
    found, cached = _found(project, plan.content, device, plan.environment, spec, _Asked(again, tell, called_off))
    return Estimate(plan if cached else plan_start(project, config, overrides, test=plan.test), found, cached)


def estimate_script(
    project: Project,
    words: Sequence[str],
    folder: Path,
    *,
    again: bool = False,
    tell: Callable[[Progress], None] = lambda _: None,
    called_off: Callable[[], bool] = lambda: False,
) -> Estimate:
    """Measure a script, unless that was done before: it runs for real until its Trainer has made some steps.

    Args:
        project: where its run would be kept.
        words: the command.
        folder: where it would run.
        again: measure whatever is known.
        tell: is called as it goes on, from this thread.
        called_off: is asked ten times a second.

    Raises:
        UsageError: there is no such program or script.
        NotPossible: it has no Trainer that could be measured.
        CalledOff, EstimateFailed, KeysUnnamed, LaunchError: as :func:`estimate`.
    """
    plan = plan_script(project, words, folder, test=True)
    script = find_script(plan.words)
    if script is None or script.endswith(".sh") or plan.script.framework == "TensorFlow":
        raise NotPossible("It has no Trainer that the recorder could attach to", "This cannot be measured", _WHOSE)

    watch = watch_of(project, plan.environment)

    def spec(place: Path) -> DrySpec:
        return DrySpec(str(place), "", plan.argv, str(folder), LIMIT, watch.folders, watch.limit)

    device = device_key(None, GpuProbe().sample())
    found, cached = _found(project, plan.key, device, plan.environment, spec, _Asked(again, tell, called_off))
    return Estimate(plan_script(project, words, folder), found, cached)


def _found(
    project: Project,
    key: bytes,
    device: str,
    child: ChildEnvironment,
    spec: Callable[[Path], DrySpec],
    asked: _Asked,
) -> tuple[Measurement | Misfit, bool]:
    """What is kept under this key and device, else what is measured now; and whether it was kept."""
    kept = None if asked.again else load_estimate(project.runs_folder, key, device)
    if kept is not None:
        return kept, True
    code = code_state(project)
    found = _judge(_measure(project, child, spec, asked), code)
    save_estimate(project.runs_folder, key, device, found)
    return found, False


def _measure(project: Project, child: ChildEnvironment, spec: Callable[[Path], DrySpec], asked: _Asked) -> Outcome:
    folder = project.runs_folder / ESTIMATES / f"dry-{os.urandom(4).hex()}"
    _sweep(folder.parent)
    environment = outside_runs(os.environ)
    asked.tell(Progress("starting"))
    return measure(spec(folder), child.apply(environment) | recording(environment), asked.tell, asked.called_off)


def _judge(outcome: Outcome, code: str) -> Measurement | Misfit:
    """What the outcome means.

    Raises:
        EstimateFailed: the training failed, or took too long.
    """
    result, now = outcome.result or {}, time.time()
    if outcome.grew is not None:
        told = " and ".join(f"{name} grew by {size(count)}" for name, count in outcome.grew.items() if count > 0)
        raise EstimateFailed(f"It was ended: {told} without permission", "This cannot be measured", _DOWNLOADS)
    error = str(result.get("error", ""))
    if not result and outcome.oom.startswith("out of memory"):
        return Misfit(now, outcome.oom)
    if result.get("out_of_memory"):
        return Misfit(now, redact(error))
    if result.get("unmeasurable"):
        raise EstimateFailed(error, "This cannot be measured", _WHOSE)
    if result and not error:
        gpu = max(filter(None, (outcome.gpu_peak, result.get("gpu_peak"))), default=None)
        measured = measurement_of(result | {"measured": now, "host_peak": outcome.host_peak, "gpu_peak": gpu})
        return replace(measured, gpu_total=outcome.gpu_total, watts=outcome.watts, code=code)
    if not outcome.hooked and (outcome.late or outcome.code == 0):
        raise EstimateFailed("The recorder does not get into what this command starts", "This cannot be measured")
    if outcome.silent:
        within = f" within {rough_duration(FIRST_SIGN)}" if outcome.late else ""
        raise EstimateFailed(f"No Trainer appeared{within}", "This cannot be measured", _WHOSE)
    if outcome.code == 0 and not result:
        raise EstimateFailed("It ended before its Trainer had made a step", "This cannot be measured", _WHOSE)
    if outcome.late:
        raise EstimateFailed(f"It was not done after {rough_duration(LIMIT)}", "This takes too long to measure")
    last = "\n".join(outcome.words.splitlines()[-_LINES:])
    words = redact(error or last or outcome.oom) or f"it ended with code {outcome.code} and without a word"
    raise EstimateFailed(words, "The training fails", "A run of it would fail like that")


def _sweep(folder: Path) -> None:
    """Remove what a dry run left that lost its keeper."""
    for left in folder.glob("dry-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT:
                shutil.rmtree(left, ignore_errors=True)
