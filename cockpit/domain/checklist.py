"""Is the project ready to train? Facts in, ticks with evidence and remedies out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cockpit.domain.keys import Handling, Kind
from cockpit.domain.needs import Needs
from cockpit.domain.shape import KIND_NAMES, ConfigKind, Shape
from cockpit.domain.text import counted, safe, shell_word, size

Status = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist."""

    key: str
    label: str
    status: Status
    evidence: str  # short enough for a narrow panel
    detail: str  # a sentence
    remedy: str = ""  # a command to paste
    mends: bool = False  # the remedy may be run for a person; others enter something, edit, or only look


@dataclass(frozen=True, slots=True)
class GpuFact:
    """One GPU: its name, and who else computes on it."""

    name: str
    busy_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What was found; gathered by ``project.gather``."""

    environment_kind: str  # venv | conda | system
    environment_name: str
    environment_prefix: str
    packages: Mapping[str, str | None]  # what nothing trains without: version or None
    shape: Shape = field(default_factory=Shape)
    needs: Needs = field(default_factory=Needs)
    shells_prefix: str = ""  # the environment that the shell has entered, if it is another
    own_venv: bool = False  # the project has a .venv
    python: str = "python"  # the active interpreter, as a word of a shell
    conda_tool: str = "conda"  # or mamba, micromamba; empty where none of them is here
    gpus: Sequence[GpuFact] = ()
    gpu_error: str = ""
    gpu_remedy: str = ""
    data_folder: str = "data"
    data_exists: bool = False
    data_bytes: int = 0
    data_files: int = 0
    data_counted: bool = True  # all of them were, so that the two figures are no lower bounds
    data_parts: tuple[str, ...] = ()  # of raw, processed
    configs: Sequence[str] = ()  # names that parse
    config_kinds: Sequence[ConfigKind] = ()  # of each
    configs_shipped: bool = False
    scripts: Sequence[str] = ()  # of the project's own that train
    broken_configs: Mapping[str, str] = field(default_factory=dict)  # path: error
    trackers: Sequence[str] = ()
    keys: Handling | None = None  # of the environment, as a run would get them


def checklist(facts: ProjectFacts) -> tuple[Check, ...]:
    """The checks, in the order a person would go through them."""
    checks = (_project, _environment, _packages, _gpu, _data, _config, _tracking, _keys)
    return tuple(check(facts) for check in checks)


def ready(checks: Sequence[Check]) -> bool:
    """Whether nothing stands in the way."""
    return all(check.status != "bad" for check in checks)


def _project(facts: ProjectFacts) -> Check:
    shape = facts.shape
    if shape.only_watched:
        return Check("project", "project", "warn", shape.title, shape.told, "cockpit watch .")
    if not shape.marks:
        return Check("project", "project", "warn", shape.title, shape.told, "cockpit init")
    return Check("project", "project", "ok", shape.title, shape.told)


def _environment(facts: ProjectFacts) -> Check:
    kind, needs = facts.environment_kind, facts.needs
    here = f"{kind} {facts.environment_name}" if kind != "system" else "system Python"
    meant, beside = needs.conda_name, ""
    if meant and (kind != "conda" or meant not in (facts.environment_name, facts.environment_prefix)):
        if facts.conda_tool or not needs.for_pip:
            return _other_environment(facts, here)
        beside = f" {needs.no_conda}"
    if kind == "system":
        make = "source .venv/bin/activate" if facts.own_venv else "python3 -m venv .venv && source .venv/bin/activate"
        detail = f"No virtual or conda environment is active ({facts.environment_prefix}).{beside}"
        return Check("environment", "environment", "warn", here, detail, make)
    detail = f"A {kind} environment is active: {facts.environment_prefix}."
    if facts.shells_prefix:
        detail = f"Runs train in {facts.environment_prefix}; this shell has entered {safe(facts.shells_prefix, 200)}."
        return Check("environment", "environment", "warn", "not active", detail)
    return Check("environment", "environment", "ok", here, f"{detail}{beside}")


def _other_environment(facts: ProjectFacts, here: str) -> Check:
    """What conda's file names is not the one that is active."""
    needs, tool = facts.needs, facts.conda_tool
    told = f"{needs.conda_file} names the environment {safe(needs.conda_name, 40)}; active is {here}."
    remedy = f"{tool} env create -f {needs.conda_file}"
    if not tool:
        told += f" {needs.no_conda} Install one of them, or declare in a requirements.txt what pip can install."
        remedy = ""
    elif needs.conda_made:
        remedy = f"{tool} activate {shell_word(needs.conda_name)}"
    evidence = f"not {safe(needs.conda_name, 20)}"
    return Check(
        "environment", "environment", "warn", evidence, told, remedy, mends=bool(remedy) and not needs.conda_made
    )


def _packages(facts: ProjectFacts) -> Check:
    needs = facts.needs
    install = needs.install(facts.environment_kind, facts.conda_tool, facts.python)
    # nothing is put into the machine's Python, or beside the environment that is meant, without a person's hand
    own = facts.environment_kind == "conda" or (facts.environment_kind == "venv" and not needs.conda_made)
    absent = [name for name, version in facts.packages.items() if version is None]
    if needs.missing or needs.unmet:
        gone = len(needs.missing)
        evidence = f"{gone} missing" if gone else f"{len(needs.unmet)} differ"
        status: Status = "bad" if gone or absent else "warn"
        told = needs.told if install or facts.conda_tool or not needs.conda_file else f"{needs.told} {needs.no_conda}"
        return Check("packages", "packages", status, evidence, told, install, mends=own)
    if absent:
        names = " ".join(absent)
        remedy = f"{facts.python} -m pip install {names}"
        return Check("packages", "packages", "bad", f"no {absent[0]}", f"Not installed: {names}.", remedy, mends=own)
    if needs.problems:
        told = "; ".join(safe(problem, 120) for problem in needs.problems[:3])
        return Check("packages", "packages", "warn", "unreadable", f"Not readable: {told}.")
    told = ", ".join(f"{name} {version}" for name, version in facts.packages.items())
    met = f"; {counted(needs.declared, 'declared package')} met" if needs.declared else ""
    name, version = next(iter(facts.packages.items()))
    evidence = f"{name} {(version or '').partition('+')[0]}"
    return Check("packages", "packages", "ok", evidence, f"Installed: {told}{met}.")


def _gpu(facts: ProjectFacts) -> Check:
    if not facts.gpus:
        why = facts.gpu_error or "NVML reports no GPU"
        return Check("gpu", "GPU", "warn", "none: CPU", f"Training will use the CPU: {why}.", facts.gpu_remedy)
    names = {gpu.name for gpu in facts.gpus}
    evidence = f"{len(facts.gpus)}× {next(iter(names)) if len(names) == 1 else 'GPU'}"
    busy = [f"GPU {i} with {', '.join(gpu.busy_with)}" for i, gpu in enumerate(facts.gpus) if gpu.busy_with]
    if len(busy) == len(facts.gpus):
        return Check("gpu", "GPU", "warn", f"{evidence}, busy", f"Busy: {'; '.join(busy)}.", "nvidia-smi")
    detail = f"{len(facts.gpus)} GPU: {', '.join(sorted(names))}" + (f"; busy: {'; '.join(busy)}" if busy else "")
    return Check("gpu", "GPU", "ok", evidence, detail + ".")


def _data(facts: ProjectFacts) -> Check:
    name = facts.data_folder
    if not facts.data_exists and facts.scripts:
        detail = f"There is no {name}/ folder: the project's own scripts know where their data are."
        return Check("data", "data", "ok", "by its scripts", detail)
    if not facts.data_exists:
        make = f"mkdir -p {shell_word(f'{name}/raw')} {shell_word(f'{name}/processed')}"
        return Check("data", "data", "warn", f"no {name}/", f"There is no {name}/ folder.", make, mends=True)
    if not facts.data_bytes and facts.scripts:
        return Check("data", "data", "warn", f"{name}/ is empty", f"{name}/ is empty.")
    if not facts.data_bytes:
        detail = f"{name}/ is empty; the shipped trainers fill it on their first start."
        return Check("data", "data", "warn", "made on first start", detail)
    parts = f" ({', '.join(facts.data_parts)})" if facts.data_parts else ""
    files = counted(facts.data_files, "file")
    over = "" if facts.data_counted else "over "
    detail = f"{name}/ holds {over}{files}, {over}{size(facts.data_bytes)}{parts}."
    return Check("data", "data", "ok", f"{name}/ {over}{size(facts.data_bytes)}", detail)


def _config(facts: ProjectFacts) -> Check:
    if facts.broken_configs:
        name, error = next(iter(facts.broken_configs.items()))
        edit, told = f"${{EDITOR:-vi}} {shell_word(name)}", safe(name.rpartition("/")[2])
        return Check("config", "config", "bad", f"{told} broken", f"{told}: {error}", edit)
    if not facts.configs:
        return Check("config", "config", "bad", "none", "No configs/*.yaml was found.", "cockpit init")
    names = ", ".join(safe(name, 60) for name in facts.configs)
    if facts.configs_shipped and facts.scripts:
        own = [safe(name, 60) for name in facts.scripts]
        evidence = own[0] if len(own) == 1 else f"{len(own)} scripts"
        detail = f"No config; its own scripts are started as they are: {', '.join(own)}."
        return Check("config", "config", "ok", evidence, f"{detail} {len(facts.configs)} configs come with cockpit.")
    if facts.configs_shipped:
        detail = f"This project has none; {names} come with cockpit."
        return Check("config", "config", "ok", f"{len(facts.configs)} shipped", detail)
    kinds = ", ".join(
        f"{facts.config_kinds.count(kind)} {name}" for kind, name in KIND_NAMES.items() if kind in facts.config_kinds
    )
    evidence = safe(facts.configs[0]) if len(facts.configs) == 1 else f"{len(facts.configs)} found"
    parses = "it parses" if len(facts.configs) == 1 else "each parses"
    return Check("config", "config", "ok", evidence, f"{names}: {parses} ({kinds}).")


def _tracking(facts: ProjectFacts) -> Check:
    if not facts.trackers:
        remedy = f"{facts.python} -m pip install tensorboard"
        return Check("tracking", "tracking", "bad", "none", "No tracker is set up.", remedy, mends=True)
    if facts.configs_shipped and facts.scripts:
        used = "".join(f"; {name} was used here" for name in facts.trackers if name != "TensorBoard")
        detail = f"Scripts log where they say themselves{used}. cockpit records each of their runs besides."
        return Check("tracking", "tracking", "ok", "by its scripts", detail)
    return Check("tracking", "tracking", "ok", facts.trackers[0], f"Tracking: {', '.join(facts.trackers)}.")


def _keys(facts: ProjectFacts) -> Check:
    keys = facts.keys
    if keys is None or not (keys.given or keys.held):
        return Check("keys", "keys", "ok", "none", "No key is in this environment.")
    told = [f"{key}: given to runs" for key in keys.given] + [f"{key}: held back" for key in keys.held]
    evidence = f"{len(keys.given)} given, {len(keys.held)} held back" if keys.given else f"{len(keys.held)} held back"
    unnamed = next((key for key in keys.given if key.kind is Kind.UNKNOWN), None)
    remedy = f"cockpit keys {unnamed.name} test   # or production" if unnamed else ""
    status: Status = "warn" if keys.given else "ok"
    return Check("keys", "keys", status, evidence, f"{'; '.join(told)}.", remedy)
