"""What the checklist wants to know about a project."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.domain.text import shell_word
from cockpit.project.config_files import ConfigFile, configs
from cockpit.project.folders import Project
from cockpit.project.scripts import scripts
from cockpit.project.tracking import chosen_trackers

if TYPE_CHECKING:
    from cockpit.domain.checklist import ProjectFacts
    from cockpit.domain.shape import Shape
    from cockpit.probes.declared import Declared
    from cockpit.probes.gpu import GpuReport

_DECLARING = ("pyproject.toml", "requirements.txt", "environment.yml", "environment.yaml", "setup.cfg", "setup.py")
_WALK_LIMIT, _WALK_SECONDS = 200_000, 2.0


def gather(project: Project, gpus: GpuReport) -> ProjectFacts:
    """Everything the checklist looks at. Walks the data folder: not for an event loop."""
    from cockpit.domain.checklist import GpuFact, ProjectFacts
    from cockpit.domain.keys import handle
    from cockpit.domain.trackers import NAMES
    from cockpit.probes import needs
    from cockpit.probes.declared import declared
    from cockpit.probes.environment import environment, installed, shells_prefix
    from cockpit.probes.keyring import Keyring

    place = environment()
    found = configs(project)
    size, files, counted = _measure(project.data_folder)
    wanted = declared(project.root)
    shape = _shape(project.root, [c for c in found if not c.shipped], wanted)
    return ProjectFacts(
        shape=shape,
        needs=needs.needs(wanted, place),
        environment_kind=place.kind,
        environment_name=place.name,
        environment_prefix=place.prefix,
        shells_prefix=shells_prefix(),
        own_venv=(project.root / ".venv" / "bin" / "activate").is_file(),
        python=_python(place.python),
        conda_tool=needs.conda_tool(),
        packages={name: installed(name) for name in _trained_with(shape.frameworks)},
        gpus=[GpuFact(g.name, tuple(f"{p.user} {p.name}" for p in g.processes if not p.mine)) for g in gpus.gpus],
        gpu_error=gpus.error,
        gpu_remedy=gpus.remedy,
        data_folder=project.settings.data,
        data_exists=project.data_folder.is_dir(),
        data_bytes=size,
        data_files=files,
        data_counted=counted,
        data_parts=tuple(part for part in ("raw", "processed") if (project.data_folder / part).is_dir()),
        configs=[c.path.name for c in found if not c.error],
        config_kinds=[c.kind for c in found if not c.error],
        configs_shipped=bool(found) and found[0].shipped,
        scripts=[script.path.name for script in scripts(project)],
        broken_configs={_below(project.root, c.path): c.error for c in found if c.error},
        keys=handle(Keyring().in_environment(os.environ), project.settings.launch.env_pass, test=False),
        trackers=[NAMES[kind] for kind in chosen_trackers(project) if kind != "tensorboard" or installed(kind)],
    )


def _shape(root: Path, own: Sequence[ConfigFile], wanted: Declared) -> Shape:
    """What the folder is, by what it declares, imports, is configured with and has logged."""
    from cockpit.domain.shape import KIND_NAMES, Shape, frameworks_of
    from cockpit.probes import shape
    from cockpit.probes.needs import names

    by_config = {"lightning": ("torch", "lightning"), "llamafactory": ("torch", "transformers"), "other": ()}
    imported = shape.imported(root)
    used = [*names(wanted), *imported, *(name for c in own for name in by_config[c.kind])]
    kinds = Counter(c.kind for c in own if not c.error and c.kind != "other")
    files = [name for name in _DECLARING if (root / name).is_file()]
    files += ["what its scripts import"] * bool(frameworks_of(imported))
    return Shape(
        marks=(*files, *(f"{n}× {KIND_NAMES[kind]} config" for kind, n in kinds.items()), *shape.logs(root)),
        frameworks=frameworks_of(used),
        places=shape.places(root),
    )


def _below(root: Path, path: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _trained_with(frameworks: Sequence[str]) -> list[str]:
    """The packages without which nothing trains here; those of the shipped trainers where nothing else is known."""
    if frameworks == ("TensorFlow",):
        return ["tensorflow"]
    needed = ["torch"] + ["lightning"] * (not frameworks or "Lightning" in frameworks)
    return needed + ["transformers"] * ("transformers" in frameworks)


def _python(active: str) -> str:
    """The active interpreter as a person types it: by its bare name where a shell would find it."""
    found = shutil.which("python")
    return "python" if found and Path(found).parent == Path(active).parent else shell_word(active)


def _measure(folder: Path) -> tuple[int, int, bool]:
    """Bytes and files below a folder, and whether two seconds were enough to count all; a README alone is no data."""
    total = files = 0
    deadline = time.monotonic() + _WALK_SECONDS
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name in ("README.md", ".gitkeep", ".gitignore"):
                continue
            if files >= _WALK_LIMIT or time.monotonic() > deadline:
                return total, files, False
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118
                files += 1
    return total, files, True
