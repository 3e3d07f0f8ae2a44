"""Errors a person can act on: what went wrong, a title for the modal, a hint with what to do."""

from __future__ import annotations

EXIT_USAGE = 2
EXIT_NEEDS_PERMISSION = 3
EXIT_RUN_IN_USE = 75


class CockpitError(Exception):
    """Base of every error shown to a person; never shown as a traceback."""

    exit_code = EXIT_USAGE

    def __init__(self, message: str, title: str = "Cannot do that", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.title, self.hint = message, title, hint


class UsageError(CockpitError):
    """The words of the command are off."""


class RunNotFound(CockpitError):
    """No run, or more than one, answers to the given id."""


class ConfigError(CockpitError):
    """A config file is missing, does not parse or does not say what it must."""


class SettingsError(ConfigError):
    """``cockpit.toml`` cannot be read, or says what it must not."""


class RunDamaged(CockpitError):
    """A run directory cannot be read: wrong schema, missing run.json."""


class LaunchError(CockpitError):
    """A run could not be started; nothing was left running."""

    exit_code = 1


class RunInUse(LaunchError):
    """A runner or a trainer still holds the run directory."""

    exit_code = EXIT_RUN_IN_USE


class NotPossible(CockpitError):
    """The run's state does not allow what was asked (stopping a finished run)."""

    exit_code = 1


class ResumeUnknown(NotPossible):
    """Nobody has said how a script goes on from a checkpoint.

    Args:
        message: what went wrong.
        script: what settings call it.
        command: what it was started with; a checkpoint has no place in it yet.
    """

    def __init__(self, message: str, script: str, command: str) -> None:
        self.script, self.command, self.example = script, command, f"{command} --resume {{checkpoint}}"
        hint = f'Say it in cockpit.toml, for example: [scripts."{script}"] resume = "{self.example}"'
        super().__init__(message, "This run cannot be resumed yet", hint)


class CannotDo(CockpitError):
    """The system refused something that nobody expected it to refuse."""

    exit_code = 1


class CannotWrite(CockpitError):
    """The disk is full, or the run belongs to somebody else."""

    exit_code = 1

    def __init__(self, path: object, error: OSError, title: str) -> None:
        super().__init__(f"{path}: {error.strerror}", title)
        self.errno = error.errno


class NeedsPermission(CockpitError):
    """A person has to say yes first; ``facts`` is what they would have been shown."""

    exit_code = EXIT_NEEDS_PERMISSION

    def __init__(self, message: str, facts: dict[str, str], hint: str = "") -> None:
        super().__init__(message, "Needs your permission", hint)
        self.facts = facts
