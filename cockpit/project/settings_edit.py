"""Keeping in ``cockpit.toml`` what a person has said once; everything else in it stays as it is."""

from __future__ import annotations

import shlex

from cockpit.domain.script import CHECKPOINT
from cockpit.domain.text import safe
from cockpit.errors import CannotWrite, SettingsError, UsageError
from cockpit.project.folders import Project
from cockpit.runs.atomic import write_atomic


def resume_problem(template: str) -> str:
    """Why a command cannot resume anything; empty where it can."""
    try:
        words = shlex.split(template)
    except ValueError as error:
        return f"{safe(template)}: {error}"
    return "" if any(CHECKPOINT in word for word in words) else f"{safe(template) or 'nothing'} has no {CHECKPOINT}"


def keep_resume(project: Project, script: str, template: str) -> None:
    """Keep how a script of this project goes on from a checkpoint.

    Raises:
        UsageError: the command has no place for the checkpoint.
        SettingsError: the file cannot be used as it is.
        CannotWrite: it cannot be written.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    if problem := resume_problem(template):
        raise UsageError(problem, "Not a resume command", f"python train.py --resume {CHECKPOINT}")
    file = project.settings_file
    try:
        document = tomlkit.parse(file.read_text()) if file.exists() else tomlkit.document()
        scripts = document.setdefault("scripts", tomlkit.table(is_super_table=True))
        scripts.setdefault(script, tomlkit.table())["resume"] = template
        write_atomic(file, tomlkit.dumps(document), mode=0o644)
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {safe(error)}", "cockpit.toml does not parse") from None
    except OSError as error:
        raise CannotWrite(file, error, "cockpit.toml cannot be written") from None
