"""Watches the config file that a run was made from: editing it does not change the run."""

from __future__ import annotations

from pathlib import Path

from cockpit.actions.overrides import apply_overrides
from cockpit.domain.edits import edited_lines
from cockpit.domain.resume import config_differences
from cockpit.domain.run import Launch
from cockpit.domain.secrets import REDACTED, redact
from cockpit.domain.text import safe
from cockpit.errors import CockpitError
from cockpit.probes.yaml_text import parse_config
from cockpit.runs.layout import RunPaths


class ConfigWatch:
    """Compares a person's file with the run's own copy; a look costs two ``stat`` calls unless one has changed.

    Args:
        run: whose copy.
        launch: which file it was made from, and what was set for this run alone.
    """

    def __init__(self, run: RunPaths, launch: Launch) -> None:
        self.run = run
        self._file, self._overrides = Path(launch.config), launch.overrides
        self._named = bool(launch.config)
        self._seen: object = None
        self._lines: tuple[str, ...] = ()

    def poll(self) -> tuple[str, ...]:
        """In what they differ, a line each; empty where they do not."""
        if not self._named:
            return ()
        seen = _stamp(self._file), _stamp(self.run.config)
        if seen != self._seen:
            self._seen, self._lines = seen, self._compared()
        return self._lines

    def _compared(self) -> tuple[str, ...]:
        try:
            own, today = self.run.config.read_bytes(), self._file.read_bytes()
            if own == today:
                return ()
            if not self._overrides:
                return edited_lines(own.decode(), today.decode())
            differences = config_differences(
                parse_config(own.decode()), parse_config(apply_overrides(today, self._overrides).decode())
            )
        except OSError as error:
            return (f"{safe(error.filename)}: {error.strerror}",)
        except UnicodeDecodeError:
            return (f"{safe(self._file)} is no text",)
        except CockpitError as error:
            return (f"{safe(self._file)}: {error.message}",)
        # of a secret that was set for this run, only that it was one is known
        return tuple(redact(str(difference)) for difference in differences if REDACTED not in difference.new)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_size
