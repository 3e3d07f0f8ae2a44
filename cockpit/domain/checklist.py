"""Is the project ready to train? Facts in, ticks with evidence and remedies out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from cockpit.domain.text import count, size

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
    packages: Mapping[str, str | None]  # torch, lightning: version or None
    gpus: Sequence[GpuFact] = ()
    gpu_error: str = ""
    gpu_remedy: str = ""
    data_folder: str = "data"
    data_exists: bool = False
    data_bytes: int = 0
    data_files: int = 0
    data_parts: tuple[str, ...] = ()  # of raw, processed
    configs: Sequence[str] = ()  # names that parse
    configs_shipped: bool = False
    broken_configs: Mapping[str, str] = field(default_factory=dict)  # name: error
    trackers: Sequence[str] = ()


def checklist(facts: ProjectFacts) -> tuple[Check, ...]:
    """The checks, in the order a person would go through them."""
    return (_environment(facts), _packages(facts), _gpu(facts), _data(facts), _config(facts), _tracking(facts))


def ready(checks: Sequence[Check]) -> bool:
    """Whether nothing stands in the way."""
    return all(check.status != "bad" for check in checks)


def _environment(facts: ProjectFacts) -> Check:
    if facts.environment_kind == "system":
        return Check(
            "environment", "environment", "warn", "system Python",
            f"No virtual or conda environment is active ({facts.environment_prefix}).",
            "python3 -m venv .venv && source .venv/bin/activate",
        )  # fmt: skip
    detail = f"A {facts.environment_kind} environment is active: {facts.environment_prefix}."
    return Check("environment", "environment", "ok", f"{facts.environment_kind} {facts.environment_name}", detail)


def _packages(facts: ProjectFacts) -> Check:
    missing = [name for name, version in facts.packages.items() if version is None]
    if missing:
        names = " ".join(missing)
        return Check(
            "packages", "packages", "bad", f"no {missing[0]}", f"Not installed: {names}.", f"pip install {names}"
        )
    told = ", ".join(f"{name} {version}" for name, version in facts.packages.items())
    version = (facts.packages.get("torch") or "").partition("+")[0]
    return Check("packages", "packages", "ok", f"torch {version}", f"Installed: {told}.")


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
    if not facts.data_exists:
        return Check(
            "data",
            "data",
            "warn",
            f"no {name}/",
            f"There is no {name}/ folder.",
            f"mkdir -p {name}/raw {name}/processed",
        )
    if not facts.data_bytes:
        detail = f"{name}/ is empty; the shipped trainers fill it on their first start."
        return Check("data", "data", "warn", "made on first start", detail)
    parts = f" ({', '.join(facts.data_parts)})" if facts.data_parts else ""
    detail = f"{name}/ holds {count(facts.data_files)} files, {size(facts.data_bytes)}{parts}."
    return Check("data", "data", "ok", f"{name}/ {size(facts.data_bytes)}", detail)


def _config(facts: ProjectFacts) -> Check:
    if facts.broken_configs:
        name, error = next(iter(facts.broken_configs.items()))
        return Check("config", "config", "bad", f"{name} broken", f"{name}: {error}", f"${{EDITOR:-vi}} configs/{name}")
    if not facts.configs:
        return Check("config", "config", "bad", "none", "No configs/*.yaml was found.", "mkdir -p configs")
    where = "shipped with cockpit" if facts.configs_shipped else "in configs/"
    evidence = facts.configs[0] if len(facts.configs) == 1 else f"{len(facts.configs)} found"
    return Check("config", "config", "ok", evidence, f"{', '.join(facts.configs)}: {where}, each parses.")


def _tracking(facts: ProjectFacts) -> Check:
    if not facts.trackers:
        return Check("tracking", "tracking", "bad", "none", "No tracker is set up.", "pip install tensorboard")
    return Check("tracking", "tracking", "ok", facts.trackers[0], f"Tracking: {', '.join(facts.trackers)}.")
