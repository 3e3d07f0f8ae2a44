"""1: could this run be had again?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.checkpoint import EXACT
from cockpit.domain.criteria.criterion import BAD, OK, UNTOLD, WARN, Criterion, worst
from cockpit.domain.text import counted, safe

if TYPE_CHECKING:
    from cockpit.domain.run import RunState

_START = "Start it with cockpit run: commit, packages and memory are on record then"
_Found = tuple[str, str, str]  # status, evidence (of what is untold: its name), what to do


def reproducible(state: RunState) -> Criterion:
    """Seed, deterministic kernels, data, code, packages, exact resume."""
    found = (_seed(state), _kernels(state), _data(state), _code(state), _packages(state), _resume(state))
    open_points = [each for each in found if each[0] in (BAD, WARN)]
    untold = [each[1] for each in found if each[0] == UNTOLD]
    status = worst(*(each[0] for each in found))
    return Criterion(
        "reproducible",
        "reproducible",
        "Reproducible",
        status,
        _short(open_points, untold, state),
        (
            *(each[1] for each in open_points),
            *([f"{safe(state.vitals.recorder, 60)} tells nothing of {', '.join(untold)}"] if untold else []),
            *(each[1] for each in found if each[0] == OK),
        ),
        "; ".join(dict.fromkeys(filter(None, (each[2] for each in (*open_points, *found))))),
        state.vitals.conditions.begun if status != UNTOLD else None,
    )


def _short(open_points: list[_Found], untold: list[str], state: RunState) -> str:
    if untold and not open_points:
        return f"{len(untold)} not told" if state.seed is None else f"seed {state.seed}"
    if not open_points:
        return f"seed {state.seed}"
    if state.seed is None and not untold:
        return "no seed"
    return open_points[0][1].partition(":")[0] if len(open_points) == 1 else f"{len(open_points)} gaps"


def _untold(state: RunState, what: str) -> _Found:
    """Only records of another tool are there; what a launch by cockpit would add is said where there was none."""
    return UNTOLD, what, "" if state.launch else _START


def _seed(state: RunState) -> _Found:
    origin = state.vitals.origin
    if state.seed is None and state.vitals.recorder:
        return UNTOLD, "a seed", "Give it on the command line: --seed N" if state.launch else _START
    if state.seed is None:
        return (
            BAD,
            "no seed: nothing set PL_GLOBAL_SEED",
            "Call seed_everything(…), or set seed_everything in the config",
        )
    if state.vitals.recorder:
        return OK, f"seed {state.seed}, told by {safe(origin.seed_by or 'its config', 60)}", ""
    configured = state.launch is not None and not state.launch.seed_by and state.launch.seed == state.seed
    of_transformers = state.launch is not None and state.launch.framework == "transformers"
    by = "the config" if configured else "its training arguments" if of_transformers else "seed_everything"
    workers = ", loader workers too" if state.vitals.conditions.seed_workers else ""
    return OK, f"seed {state.seed}, by {by}{workers}", ""


def _kernels(state: RunState) -> _Found:
    other = state.vitals.recorder
    told = state.vitals.origin.deterministic if other else state.vitals.conditions.deterministic
    if told:
        return OK, "deterministic algorithms are enforced", ""
    if other:
        return _untold(state, "deterministic kernels")
    if state.device.startswith("cpu"):
        return OK, "deterministic flag not set; on CPU the kernels used here repeat themselves", ""
    said = "not set" if told is False else "not known"
    return WARN, f"kernels: deterministic flag {said} on {safe(state.device, 40)}", "Set trainer.deterministic: true"


def _data(state: RunState) -> _Found:
    fingerprint = state.vitals.conditions.data_fingerprint
    if fingerprint:
        return OK, f"data fingerprint {safe(fingerprint, 64)}", ""
    if state.vitals.recorder:
        return _untold(state, "its data")
    return WARN, "data: no fingerprint", "Give the DataModule an attribute fingerprint, a hash of what it reads"


def _code(state: RunState) -> _Found:
    launch = state.launch
    if launch is None and state.vitals.recorder:
        return _foreign_code(state)
    if launch is None or not launch.git_commit:
        return WARN, "no commit: the project is not in a git repository", "git init, and commit before a start"
    commit = f"commit {safe(launch.git_commit, 12)}"
    if launch.untracked:
        return (
            WARN,
            f"untracked files: neither {commit} nor its diff has {launch.untracked}",
            "git add, and commit them",
        )
    if launch.git_dirty is None:
        return WARN, f"changes: git did not say whether there were any since {commit}", "Commit before a start"
    if not launch.git_dirty:
        return OK, f"{commit}, clean", ""
    if launch.git_diff:
        return OK, f"{commit}, with changes, their diff kept ({counted(launch.git_diff.count(chr(10)), 'line')})", ""
    return WARN, f"no diff: {commit} with changes that were not kept", "Commit before a start"


def _foreign_code(state: RunState) -> _Found:
    """A commit says all only together with the changes that were not in it."""
    origin = state.vitals.origin
    if not origin.commit:
        return _untold(state, "its code")
    commit = f"commit {safe(origin.commit, 12)}"
    if origin.diff:
        return OK, f"{commit}, with changes, their diff kept in {safe(origin.diff, 40)}", ""
    return _untold(state, f"changes beyond {commit}")


def _packages(state: RunState) -> _Found:
    packages = len(state.launch.packages) if state.launch else state.vitals.origin.packages
    if packages:
        versions = "its version" if packages == 1 else "their versions"
        return OK, f"{counted(packages, 'package')} on record with {versions}", ""
    if state.launch is None and state.vitals.recorder:
        return _untold(state, "its packages")
    return WARN, "packages: no versions on record", "Launch it by cockpit start"


def _resume(state: RunState) -> _Found:
    level, why = state.guarantee
    if level == EXACT:
        return OK, f"a resume is exact: {safe(why)}", ""
    if state.vitals.recorder and state.launch is not None and state.launch.resume == ():
        told = 'Say in cockpit.toml how: [launch] resume = "python train.py --resume {checkpoint}"'
        return UNTOLD, "how it goes on from a checkpoint", told
    if state.vitals.recorder:
        return _untold(state, "what a resume gives back")
    return WARN, f"resume: {safe(level)}, {safe(why)}", "See exact_loader in cockpit.recorder.sampler"
