"""Whether a handoff still holds: each thing its recovery commands need, with a tick or a remedy."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from cockpit.domain.checklist import Check
from cockpit.domain.checkpoint import UNSAFE, CheckpointReport, newest_trustworthy
from cockpit.domain.recovery import Recovery, read_recovery
from cockpit.domain.resume import config_differences
from cockpit.domain.run import RunState
from cockpit.domain.text import count, safe, shell_line, shell_word
from cockpit.errors import CockpitError, UsageError
from cockpit.probes.gpu import GpuReport
from cockpit.project import Project
from cockpit.project.config_files import read_tree
from cockpit.runs.checkpoints import inspect_checkpoints
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader

_LIMIT = 1 << 20  # bytes; a handoff has a few thousand


def verify_handoff(path: Path, gpus: GpuReport) -> tuple[Check, ...]:
    """Look at everything that a handoff document names; nothing of it is run.

    Raises:
        UsageError: there is no such document, or it is no handoff.
    """
    try:
        if path.stat().st_size > _LIMIT:
            raise UsageError(f"{safe(path)} is larger than 1 MiB", "Not a handoff")
        ways = read_recovery(path.read_text(errors="surrogateescape"))
    except OSError as error:
        raise UsageError(f"{safe(path)}: {error.strerror}", "There is no such handoff") from None
    except ValueError as error:
        raise UsageError(f"{safe(path)}: {error}", "Not a handoff", "Write one anew: cockpit handoff RUN") from None
    return tuple(_checks(ways, gpus))


def _checks(ways: Sequence[Recovery], gpus: GpuReport) -> Iterator[Check]:
    way = ways[0]
    yield _project(way.project)
    yield from _environment(ways)
    run = _run_of(ways)
    state = RunReader(run).poll() if run is not None and run.root.is_dir() else None
    if run is None or state is None or state.launch is None:
        yield _bad("run", "run", "its run directory is gone", "")
        return
    yield _state(state)
    yield _checkpoint(way.checkpoint, inspect_checkpoints(run, state), state)
    yield _config(run, state)
    yield _gpu(way.gpus, gpus, needed=state.device.startswith("cuda"))


def _good(key: str, label: str, detail: str) -> Check:
    return Check(key, label, "ok", detail, detail)


def _bad(key: str, label: str, detail: str, remedy: str) -> Check:
    return Check(key, label, "bad", detail, detail, remedy)


def _warn(key: str, label: str, detail: str, remedy: str = "") -> Check:
    return Check(key, label, "warn", detail, detail, remedy)


def _run_of(ways: Sequence[Recovery]) -> RunPaths | None:
    """The run: where its config lies, else by its id in the project's runs folder."""
    for way in ways:
        if way.config:
            return RunPaths(Path(way.config).parent)
    for way in ways:
        if way.run_id:
            try:
                return RunPaths(Project(Path(way.project)).runs_folder / way.run_id)
            except CockpitError:
                return None
    return None


def _project(folder: str) -> Check:
    if Path(folder).is_dir():
        return _good("project", "project", safe(folder))
    return _bad("project", "project", f"{safe(folder)} is not there", f"mkdir -p {shell_word(folder)}")


def _environment(ways: Sequence[Recovery]) -> Iterator[Check]:
    script = ways[0].entered
    if script is not None and not Path(script).is_file():
        prefix = str(Path(script).parent.parent)
        yield _bad("environment", "environment", f"{safe(script)} is gone", f"python3 -m venv {shell_word(prefix)}")
    for program in dict.fromkeys(way.program for way in ways):
        name = Path(program).name
        if os.access(program, os.X_OK):
            yield _good("environment", name, safe(program))
        else:
            yield _bad("environment", name, f"{safe(program)} cannot be run", f"ls -l {shell_word(program)}")


def _state(state: RunState) -> Check:
    told = safe(state.told)
    if state.state.active:
        return _warn("run", "run", f"{told}; it is going on, and a resume is refused", f"cockpit status {state.id}")
    return _good("run", "run", told)


def _checkpoint(path: str | None, reports: Sequence[CheckpointReport], state: RunState) -> Check:
    if path is None:
        return _warn("checkpoint", "checkpoint", "the handoff names none: it would begin anew")
    listing = f"cockpit checkpoints {state.id}"
    report = next((report for report in reports if report.checkpoint.path == path), None)
    if report is None:
        return _bad("checkpoint", "checkpoint", f"{safe(path)} is gone", listing)
    if report.guarantee == UNSAFE:
        return _bad("checkpoint", "checkpoint", f"{safe(report.checkpoint.name)}: {safe(report.reason)}", listing)
    newest = newest_trustworthy(reports)
    step = report.checkpoint.step
    where = "it tells no step" if step is None else f"step {count(step)}"
    told = f"{where}, every checksum is right; a resume is {report.guarantee}"
    if newest is not None and (newest.checkpoint.step or 0) > (step or 0):
        remedy = shell_line(["cockpit", "handoff", state.id])
        return _warn("checkpoint", "checkpoint", f"{told}; step {count(newest.checkpoint.step)} is newer", remedy)
    return _good("checkpoint", "checkpoint", told)


def _config(run: RunPaths, state: RunState) -> Check:
    if state.launch is not None and not state.launch.config:
        return _good("config", "command", safe(state.launch.command))
    kept = run.attempt_config(state.attempt)
    try:
        now, then = read_tree(run.config), read_tree(kept) if kept.exists() else None
    except CockpitError as error:
        return _bad("config", "config", f"{safe(run.config)}: {error.message}", f"ls -l {shell_word(str(run.root))}")
    if then is None:
        return _warn("config", "config", "it reads; what it was at launch is not recorded")
    changed = config_differences(then, now)
    if changed:
        copy = shell_line(["cp", str(kept), str(run.config)])
        return _bad("config", "config", f"changed since: {', '.join(safe(c.name, 40) for c in changed[:5])}", copy)
    return _good("config", "config", "the run's own copy is as it was")


def _gpu(wanted: str | None, gpus: GpuReport, *, needed: bool) -> Check:
    if not needed:
        return _good("gpu", "GPU", "it trained without one")
    known = {str(gpu.index) for gpu in gpus.gpus} | {gpu.uuid for gpu in gpus.gpus}
    if not known:
        return _bad("gpu", "GPU", gpus.error or "there is none", gpus.remedy or "nvidia-smi -L")
    missing = [one for one in (wanted or "").split(",") if one and not any(k.startswith(one) for k in known)]
    if missing:
        return _bad("gpu", "GPU", f"there is no GPU {', '.join(map(safe, missing))}", "nvidia-smi -L")
    return _good("gpu", "GPU", f"{wanted or 'all'} of {len(gpus.gpus)}")
