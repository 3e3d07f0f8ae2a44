"""What a run would take, as far as anybody knows: a dry run, an earlier run of the same config, those who ship it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cockpit.actions.digest import digest
from cockpit.actions.place import free_space
from cockpit.domain.estimate import Measurement, Misfit, Price, Room, cost_facts, cost_of, misfit_facts, span
from cockpit.domain.guard import Consent, Fact
from cockpit.domain.run import RunState
from cockpit.domain.script import Script
from cockpit.domain.stakes import Stakes, Thresholds, consent_for
from cockpit.domain.state import State
from cockpit.domain.text import counted, duration, rough_duration, safe, size
from cockpit.probes.git import git_state
from cockpit.probes.gpu import GpuReport, GpuSample
from cockpit.probes.host import HostProbe
from cockpit.project import Project
from cockpit.project.config_files import ConfigFile, shipped_configs_folder
from cockpit.runs.estimates import load_estimate
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.store import Catalogue

_LOOKED_AT = 20  # finished runs of the config's name
_ROOM = 2 << 30  # bytes of free disk below which a person is warned where nobody knows what is needed
_NO_TRAINER = "not known: no Trainer is seen in it whose steps could be measured"
_SHIPPED = re.compile(rb"^# Takes (?P<number>\d+) (?P<unit>seconds|minutes) on (?P<cores>\d+) CPU cores", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is known before a run; ``disk`` is of its checkpoints, bytes."""

    facts: tuple[Fact, ...]
    stakes: Stakes
    disk: int | None = None
    measurable: bool = True  # a dry run would tell more


def expect(
    project: Project, config: ConfigFile, content: bytes, gpus: GpuReport, script: Script | None = None
) -> Expectation:
    """The best that is known of a run of this very config on this machine.

    Args:
        project: where it would run.
        config: what it says.
        content: of the run's own copy.
        gpus: there are.
        script: of one's own that reads it, where it is no trainer of Lightning's.
    """
    measured = load_estimate(project.runs_folder, content, device_key(config, gpus))
    if isinstance(measured, Misfit):
        return Expectation(tuple(misfit_facts(measured)), Stakes(None, 0))
    if measured is not None:
        return _measured(project, measured, gpus)
    before, same = _earlier(project, config, content, cpu=not visible_gpus(config, gpus))
    if before is not None and same:
        took = before.active_seconds or 0.0
        on = (before.processes or 1) if before.device.startswith("cuda") else 0
        told = Fact("takes", f"about {duration(took)}, as {before.short_id} did")
        return Expectation((told,), Stakes(took, on), _disk_of(before, config))
    known = _as_shipped(config, content)
    if known is not None:
        told = Fact("takes", f"about {rough_duration(known)} on this machine, says who ships it")
        return Expectation((told,), Stakes(known), _disk_of(before, config))
    other = f"; {before.short_id}, of another config, took {duration(before.active_seconds)}" if before else ""
    if script is not None and not script.attached:
        return Expectation((Fact("takes", _NO_TRAINER + other, "warn"),), Stakes(None), measurable=False)
    unmeasured = Fact("takes", f"not measured (cockpit estimate {config.name}){other}", "warn")
    return Expectation((unmeasured,), Stakes(None), _disk_of(before, config), config.kind != "llamafactory")


def expect_script(project: Project, key: bytes, script: Script, gpus: GpuReport) -> Expectation:
    """The best that is known of a script's run on this machine.

    Args:
        project: where it would run.
        key: by which a measurement of it is kept.
        script: what it is.
        gpus: there are.
    """
    measured = load_estimate(project.runs_folder, key, device_key(None, gpus))
    if isinstance(measured, Misfit):
        return Expectation(tuple(misfit_facts(measured)), Stakes(None, 0), measurable=script.attached)
    if measured is None and script.attached:
        told = "not measured (cockpit estimate -- ..., which really runs the script up to its first steps)"
        return Expectation((Fact("takes", told, "warn"),), Stakes(None))
    if measured is None:
        return Expectation((Fact("takes", _NO_TRAINER, "warn"),), Stakes(None), measurable=False)
    found = _measured(project, measured, gpus)
    left_out = [Fact("left out", "what the script does before its training and after it")]
    if script.several:
        left_out.append(Fact("left out", "all but the first training: it trains in several places", "warn"))
    stakes = Stakes(None, found.stakes.gpus) if script.several else found.stakes
    return replace(
        found, facts=(*found.facts, *left_out), stakes=stakes, measurable=found.measurable and script.attached
    )


def expect_rest(
    project: Project, state: RunState, done: int | None, found: Measurement | Misfit | None, gpus: GpuReport
) -> Expectation:
    """The same for a run that goes on from step ``done``, or from one that nobody knows.

    Args:
        project: where it is kept.
        state: of the run; without a dry run its own pace tells.
        done: steps that the checkpoint has behind it; None where it does not tell.
        found: by a dry run of what it ran at first.
        gpus: there are.
    """
    if isinstance(found, Measurement):
        return _measured(project, found, gpus, done or 0)
    other = state.vitals.recorder
    if state.steps_total is None and (other or state.vitals.conditions.begun is None):
        untold = f"not known: {safe(other)} tells no length" if other else "not known: nothing has told its length"
        return Expectation((Fact("takes", untold, "warn"),), Stakes(None))
    if state.steps_total is None:
        return Expectation((Fact("takes", "without end: no length is set", "warn"),), Stakes(float("inf")))
    if state.step_seconds is None:
        return Expectation((Fact("takes", "not measured: it has trained too few steps", "warn"),), Stakes(None))
    left = max(0, state.steps_total - (done or 0))
    low, likely, high = (left * each for each in state.step_seconds)
    at_most = "about" if done is not None else "at most"
    told = f"{at_most} {span((low, likely, high))} for {counted(left, 'step')} at its own pace"
    on = (state.processes or 1) if state.device.startswith("cuda") else 0
    return Expectation((Fact("takes", told),), Stakes(high, on))


def consent_of(project: Project, stakes: Stakes) -> Consent:
    """How a start or a resume of these stakes has to be agreed to in this project."""
    guard = project.settings.guard
    return consent_for(stakes, Thresholds(guard.light_minutes, guard.light_gpus, Consent(guard.unmeasured)))


def price_of(project: Project) -> Price:
    """What computing costs there."""
    cost = project.settings.cost
    return Price(cost.gpu_hour, cost.currency)


def visible_gpus(config: ConfigFile | None, gpus: GpuReport) -> list[GpuSample]:
    """Those a run of this config, or of a script, may use."""
    on_cpu = config is not None and config.accelerator == "cpu"
    return [] if on_cpu else [gpu for gpu in gpus.gpus if gpu.visible]


def device_key(config: ConfigFile | None, gpus: GpuReport) -> str:
    """What a run of this config, or of a script, would compute on: a measurement holds there and nowhere else."""
    names = [gpu.name for gpu in visible_gpus(config, gpus)]
    devices = config.devices if config is not None else "auto"
    device = f"{names}, devices {devices}" if names else counted(len(os.sched_getaffinity(0)), "core")
    return f"{os.uname().nodename}: {device}"


def code_state(project: Project) -> str:
    """Which code would run, as git knows it; empty outside a repository, and where its changes are not known."""
    git = git_state(project.root)
    if git.commit is None or (git.dirty is not False and not git.diff):
        return ""
    return git.commit + (f"+{digest(git.diff)}" if git.diff else "")


def disk_fact(project: Project, need: int | None) -> Fact:
    """Free disk against what the checkpoints take at most."""
    free, told = free_space(project)
    if need is None:
        said, level = "checkpoint size not known yet", "warn" if free < _ROOM else ""
    else:
        said, level = f"checkpoints take {size(need)} at most", "bad" if need > free else ""
    return Fact("disk", f"{told}; {said}", level, moving=True)  # whoever else writes to it


def _measured(project: Project, measured: Measurement, gpus: GpuReport, done: int = 0) -> Expectation:
    cost, code = cost_of(measured, done), code_state(project)
    facts = tuple(cost_facts(measured, cost, price_of(project), _room(project, measured, gpus), code))
    most = float("inf") if cost.seconds is None else cost.seconds[2]
    stale = any(fact.label == "measured" and fact.level for fact in facts)
    return Expectation(facts, Stakes(most, measured.gpus), cost.disk, measurable=stale)


def _room(project: Project, measured: Measurement, gpus: GpuReport) -> Room:
    host = HostProbe(project.root).sample()
    free = None if host.ram_total is None or host.ram_used is None else int(host.ram_total - host.ram_used)
    used = [gpu for gpu in gpus.gpus if gpu.visible][: measured.gpus]
    left = [gpu.memory_total - gpu.memory_used for gpu in used if gpu.memory_total and gpu.memory_used is not None]
    return Room(free, min(left, default=None))


def _earlier(project: Project, config: ConfigFile, content: bytes, *, cpu: bool) -> tuple[RunState | None, bool]:
    """The latest finished run of this very config on this machine, else of one of its name; whether it is the same."""
    runs = Catalogue(project.runs_folder).poll()
    named = [r for r in runs if r.name == config.name and r.state is State.FINISHED and r.attempt == 1]
    same = next(_likes(named[:_LOOKED_AT], content, cpu=cpu), None)
    if same is not None or not named:
        return same, same is not None
    return RunReader(RunPaths(Path(named[0].path))).poll(), False


def _likes(named: list[RunState], content: bytes, *, cpu: bool) -> Iterator[RunState]:
    for run in named:
        paths = RunPaths(Path(run.path))
        try:
            if paths.config.read_bytes() != content:
                continue
        except OSError:
            continue
        state = RunReader(paths).poll()
        here = state.launch is not None and state.launch.host == os.uname().nodename
        if here and state.active_seconds and (state.device == "cpu") == cpu:
            yield state


def _disk_of(before: RunState | None, config: ConfigFile) -> int | None:
    sizes = [c.bytes for c in before.checkpoints if c.bytes] if before else []
    return max(sizes) * ((config.kept or 1) + 1) if sizes else None


def _as_shipped(config: ConfigFile, content: bytes) -> float | None:
    """Seconds a shipped config takes that nobody has touched, as its first lines say; scaled to fewer cores."""
    folder = shipped_configs_folder()
    try:
        shipped = (folder / config.path.name).read_bytes() if folder else b""
    except OSError:
        return None
    match = _SHIPPED.search(shipped)
    if shipped != content or match is None:
        return None
    seconds = int(match["number"]) * (60 if match["unit"] == b"minutes" else 1)
    return seconds * max(1.0, int(match["cores"]) / len(os.sched_getaffinity(0)))
