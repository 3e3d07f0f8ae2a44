"""What is told of the machine before something is launched on it."""

from __future__ import annotations

import os
import shutil

from cockpit.domain.guard import Fact
from cockpit.domain.text import counted, safe, size
from cockpit.probes.gpu import GpuProcess, GpuReport
from cockpit.project import Project
from cockpit.runner.logout import at_logout


def device_fact(accelerator: str, gpus: GpuReport) -> Fact:
    """What will compute, and who computes there already."""
    visible = [gpu for gpu in gpus.gpus if gpu.visible]
    if accelerator == "cpu" or not visible:
        cores = f"CPU, {counted(len(os.sched_getaffinity(0)), 'core')}"
        if accelerator in ("gpu", "cuda"):
            return Fact("device", f"the config wants a GPU: {gpus.error or 'none is visible'}", "bad")
        return Fact("device", cores if accelerator == "cpu" else f"{cores} ({gpus.error or 'no visible GPU'})")
    busy = sorted({_whose(process) for gpu in visible for process in gpu.processes})
    names = ", ".join(f"GPU {gpu.index} {safe(gpu.name)}" for gpu in visible)
    return Fact(
        "device", f"{names}, shared with {', '.join(busy)}" if busy else f"{names}, free", "warn" if busy else ""
    )


def _whose(process: GpuProcess) -> str:
    """One in another container has no name here, and one that has just ended has none any more."""
    return f"{safe(process.user)}'s {safe(process.name)}" if process.name else f"pid {process.pid}, not seen from here"


def free_space(project: Project) -> tuple[int, str]:
    """Bytes free where the project's runs lie, and in words."""
    folder = project.runs_folder if project.runs_folder.exists() else project.root
    free = shutil.disk_usage(folder).free
    return free, f"{size(free)} free"


def logout_facts() -> list[Fact]:
    """What logind would do to a run when its person logs out; empty where nothing."""
    logout = at_logout()
    return [Fact("at logout", logout.told(), "" if logout.spared else "bad")] if logout.ends else []
