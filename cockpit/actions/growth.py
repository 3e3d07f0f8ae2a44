"""Data grew under a run: what is watched for it, and a person's leave to go on."""

from __future__ import annotations

import os
from pathlib import Path

from cockpit.actions.environment import ChildEnvironment
from cockpit.domain.growth import Growth
from cockpit.domain.guard import Consent, Fact, Guard, Permit, Question
from cockpit.domain.policy import Action
from cockpit.domain.run import RunState
from cockpit.domain.text import safe, size
from cockpit.errors import NotPossible
from cockpit.project import Project
from cockpit.runner import control
from cockpit.runner.tripwire import DATA, Watch
from cockpit.runs import requests
from cockpit.runs.layout import ENV_RUN_DIR, RunPaths
from cockpit.runs.reader import RunReader


def watch_of(project: Project, child: ChildEnvironment) -> Watch:
    """The project's data and the download caches as the child's variables place them.

    The variables and their order: huggingface_hub's ``constants.py``, and ``torch.hub``.
    """
    variables = child.apply(os.environ)
    home = variables.get("HOME") or str(Path.home())
    cache = variables.get("XDG_CACHE_HOME") or f"{home}/.cache"
    hugging_face = variables.get("HF_HOME") or f"{cache}/huggingface"
    folders = {
        DATA: str(project.data_folder),
        "Hugging Face cache": hugging_face,
        "Hugging Face hub cache": variables.get("HF_HUB_CACHE") or f"{hugging_face}/hub",
        "Hugging Face data sets": variables.get("HF_DATASETS_CACHE") or f"{hugging_face}/datasets",
        "torch hub cache": f"{variables.get('TORCH_HOME') or f'{cache}/torch'}/hub",
    }
    return Watch(folders, project.settings.guard.growth_bytes)


def go_on_question(run: RunPaths) -> Question:
    """What is asked before a run goes on under which data grew.

    Raises:
        NotPossible: it is not held for that, or somebody asks from inside a run.
    """
    state = RunReader(run).poll()
    growth = _held_for(state)
    settings = Project(Path(state.launch.project)).settings if state.launch else None
    light = settings is not None and growth.bytes + growth.more <= settings.guard.light_bytes
    return Question(
        action=Action.DOWNLOAD,
        subject=state.short_id,
        title=f"Let {safe(state.name)} {state.short_id} go on?",
        will="The run goes on where it was suspended, and may put more where data and downloads lie.",
        facts=(
            *(
                Fact("grew", f"{safe(name)} by {size(count)}", "warn")
                for name, count in growth.folders.items()
                if count
            ),
            Fact("without asking", size(growth.limit)),
            _wrote_fact(growth),
            Fact("may add", f"{size(growth.more)}; then it is held again"),
        ),
        cannot_undo="What it downloads is traffic spent, and its licence nobody has read.",
        yes="Go on",
        consent=Consent.LIGHT if light else Consent.TYPED,
    )


def go_on(run: RunPaths, permit: Permit, guard: Guard) -> None:
    """Let it go on as a person has agreed to; its runner may be gone.

    Raises:
        PermitVoid: the permit does not cover it, or it has grown since.
        NotPossible: there is no trainer that can safely be signalled.
    """
    with guard.spend(permit, go_on_question(run)):
        control.unsuspend(run, requests.me())


def _held_for(state: RunState) -> Growth:
    if ENV_RUN_DIR in os.environ:
        raise NotPossible("This is inside a run, and a run gives itself no permission", "It is not let go on")
    if state.growth is None:
        raise NotPossible(f"{state.id} is {safe(state.told)}", "It is not held for its data")
    return state.growth


def _wrote_fact(growth: Growth) -> Fact:
    if growth.wrote is None:
        return Fact("written by it", "not known")
    less = growth.wrote < growth.bytes
    told = f"{size(growth.wrote)} to files and pipes, since it began"
    return Fact("written by it", f"{told}: somebody else has written there too" if less else told)
