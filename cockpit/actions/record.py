"""What is written down of every run before its first step."""

from __future__ import annotations

import os
import sys
import time

from cockpit.domain.run import Launch
from cockpit.domain.secrets import redact_words, redactor
from cockpit.domain.text import shell_line
from cockpit.probes.environment import environment_of, packages
from cockpit.probes.git import git_state
from cockpit.project import Project
from cockpit.runs.process import boot_id


def launch_record(
    project: Project, run_id: str, name: str, argv: tuple[str, ...], python: str = sys.executable
) -> Launch:
    """The place, the commit and the packages of a run; without secrets.

    Args:
        project: whose run.
        run_id: its id.
        name: what it is called.
        argv: its command.
        python: the interpreter whose environment it trains in.
    """
    place, git, redact = environment_of(python), git_state(project.root), redactor(os.environ)
    return Launch(
        id=run_id,
        name=name,
        created=time.time(),
        project=str(project.root),
        argv=redact_words(argv, redact),
        command=redact(shell_line(argv)),
        config="",
        seed=None,
        host=os.uname().nodename,
        boot_id=boot_id(),
        python=place.python,
        environment={"kind": place.kind, "name": place.name, "prefix": place.prefix, "activate": place.activate},
        cuda_visible_devices=os.environ.get("CUDA_VISIBLE_DEVICES"),
        git_commit=git.commit,
        git_dirty=git.dirty,
        git_diff=redact(git.diff),
        git_untracked=git.untracked,
        tracker="",
        packages=packages(python),
        python_path=redact(os.environ.get("PYTHONPATH", "")),
    )
