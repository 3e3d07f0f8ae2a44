"""Compares what a project declares with what is installed, by the metadata alone: nothing is imported."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from cockpit.domain.needs import Needs, Unmet
from cockpit.domain.shape import frameworks_of
from cockpit.probes.declared import Declared
from cockpit.probes.environment import Environment, installed

_PYTHON_NAMES = {"pytorch": "torch", "pytorch-gpu": "torch", "tensorflow-gpu": "tensorflow"}  # conda's name: PyPI's

_CONDAS = ("conda", "mamba", "micromamba")


def needs(declared: Declared, active: Environment) -> Needs:
    """What of it the active environment does not meet; a marker that does not apply here asks for nothing."""
    unmet: list[Unmet] = []
    compared = unknown = 0
    for line in dict.fromkeys(declared.requirements):
        found = _compared(line)
        compared += found is not None
        unknown += found is None
        unmet += [found] if isinstance(found, Unmet) else []
    packages = _conda_packages(Path(active.prefix)) if active.kind == "conda" else {}
    for name, specifier in declared.conda:
        version = active.version if name == "python" else packages.get(name.lower()) or installed(_pypi(name))
        if version is None and active.kind != "conda" and not frameworks_of([_pypi(name)]):
            unknown += 1  # perhaps a library that has nothing to do with Python
            continue
        compared += 1
        if version is None or not _meets(version, specifier):
            unmet.append(Unmet(name, specifier, version))
    return Needs(
        sources=tuple(declared.sources),
        declared=compared,
        unmet=tuple(unmet),
        unknown=unknown,
        problems=tuple(declared.problems),
        conda_file=declared.conda_file,
        conda_name=declared.conda_name,
        conda_made=any((folder / declared.conda_name / "conda-meta").is_dir() for folder in _conda_folders())
        if declared.conda_name
        else False,
    )


def names(declared: Declared) -> list[str]:
    """The bare names of all that is declared."""
    found = [_pypi(name) for name, _ in declared.conda]
    if not declared.requirements:
        return found  # packaging, 1 MB, is for those who declare something
    from packaging.requirements import InvalidRequirement, Requirement

    for line in declared.requirements:
        try:
            found.append(Requirement(line).name)
        except InvalidRequirement:
            continue
    return found


def conda_tool() -> str:
    """The command that makes conda environments here: the shell's own, else the first on the PATH; empty for none."""
    for variable in ("CONDA_EXE", "MAMBA_EXE"):
        tool = Path(os.environ.get(variable, ""))
        if tool.name in _CONDAS and tool.is_file():
            return tool.name
    return next((name for name in _CONDAS if shutil.which(name)), "")


def _compared(line: str) -> Unmet | bool | None:
    """What is unmet; False where nothing is, None where it cannot be told."""
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate():
            return False
    except (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName, RecursionError):
        return None
    version = installed(wanted.name)
    if version is not None and _meets(version, str(wanted.specifier)):
        return False
    return Unmet(wanted.name, str(wanted.specifier), version)


def _meets(version: str, specifier: str) -> bool:
    """Whether it does; a specifier or a version that nobody can read asks for nothing."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def _pypi(name: str) -> str:
    return _PYTHON_NAMES.get(name.lower(), name)


def _conda_packages(prefix: Path) -> dict[str, str]:
    """What conda has put into a prefix, by the names of its records: ``numpy-1.26.4-py311_0.json``."""
    parts = (path.stem.rsplit("-", 2) for path in (prefix / "conda-meta").glob("*.json"))
    return {part[0].lower(): part[1] for part in parts if len(part) == 3}


def _conda_folders() -> list[Path]:
    """Where environments with a name lie."""
    roots = [Path(os.environ[name]).parent.parent for name in ("CONDA_EXE",) if os.environ.get(name)]
    roots += [Path(os.environ["MAMBA_ROOT_PREFIX"])] if os.environ.get("MAMBA_ROOT_PREFIX") else []
    return [*(root / "envs" for root in roots), Path.home() / ".conda" / "envs"]
