"""Opens the cockpit in this terminal."""

from __future__ import annotations

import locale
import os
import signal

from cockpit.project import Project
from cockpit.tui.app import CockpitApp
from cockpit.tui.feed import LiveFeed
from cockpit.tui.messages import Leave
from cockpit.tui.palette import use_sixteen_colours


def open_cockpit(project: Project, *, ascii_only: bool, selected: str | None, ask_to_start: str | None) -> Leave | None:
    """Run until the person leaves; returns what they leave behind, None if the screen died."""
    # who was started by nohup ignores hang-ups, and would spin on a terminal that is gone
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    palette = peek_palette(project)
    use_sixteen_colours(few_colours(os.environ) if palette == "auto" else palette == "sixteen")
    app = CockpitApp(
        project, LiveFeed(project, selected), ascii_only=ascii_only or not _speaks_unicode(), ask_to_start=ask_to_start
    )
    return app.run()


def peek_palette(project: Project) -> str:
    """The palette alone, without pydantic, because the first frame waits for it; a bad file is told later."""
    if not project.settings_file.exists():
        return "auto"
    import tomllib

    try:
        chosen = tomllib.loads(project.settings_file.read_text()).get("palette")
    except (OSError, ValueError):
        return "auto"
    return chosen if chosen in ("full", "sixteen") else "auto"


def few_colours(environment: os._Environ[str] | dict[str, str]) -> bool:
    """Whether the terminal promises no more than sixteen colours."""
    if environment.get("COLORTERM") in ("truecolor", "24bit"):
        return False
    return "256" not in environment.get("TERM", "") and "direct" not in environment.get("TERM", "")


def _speaks_unicode() -> bool:
    return locale.getpreferredencoding(False).upper().replace("-", "") == "UTF8" and os.environ.get("TERM") != "linux"
