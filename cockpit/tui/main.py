"""Opens the cockpit in this terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from cockpit.project import Project
from cockpit.tui.app import CockpitApp
from cockpit.tui.feed import Feed, LiveFeed
from cockpit.tui.messages import Leave
from cockpit.tui.palette import use_sixteen_colours


def open_cockpit(
    project: Project,
    *,
    ascii_only: bool,
    selected: str | None = None,
    ask_to_start: str | None = None,
    watch: Sequence[Path] = (),
) -> Leave | None:
    """Run until the person leaves; returns what they leave behind, None if the screen died."""
    # who was started by nohup ignores hang-ups, and would spin on a terminal that is gone
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    palette = peek_palette(project)
    use_sixteen_colours(few_colours(os.environ) if palette == "auto" else palette == "sixteen")
    app = CockpitApp(
        project,
        _watching(watch) if watch else LiveFeed(project, selected),
        ascii_only=ascii_only or not speaks_unicode(os.environ),
        ask_to_start=ask_to_start,
    )
    return app.run()


def _watching(paths: Sequence[Path]) -> Feed:
    from cockpit.tui.watch_feed import WatchFeed

    return WatchFeed(paths)


def peek_palette(project: Project) -> str:
    """The palette alone, without pydantic, because the first frame waits for it; a bad file is told later."""
    if not project.settings_file.is_file():
        return "auto"
    import tomllib

    try:
        chosen = tomllib.loads(project.settings_file.read_text()).get("palette")
    except (OSError, ValueError, RecursionError):
        return "auto"
    return chosen if chosen in ("full", "sixteen") else "auto"


def few_colours(environment: Mapping[str, str]) -> bool:
    """Whether the terminal promises no more than sixteen colours."""
    if environment.get("COLORTERM") in ("truecolor", "24bit"):
        return False
    return "256" not in environment.get("TERM", "") and "direct" not in environment.get("TERM", "")


def speaks_unicode(environment: Mapping[str, str]) -> bool:
    """Whether the terminal promises to show more than ASCII.

    Python itself takes the C locale for UTF-8 (PEP 538 and 540), also where somebody has asked for C; only who has
    set nothing at all most likely sits at a terminal that knows UTF-8.
    """
    if environment.get("TERM") == "linux":
        return False
    for name in ("LC_ALL", "LANG") if environment.get("LC_CTYPE") in (None, "", "C.UTF-8") else ("LC_ALL", "LC_CTYPE"):
        if chosen := environment.get(name):
            return chosen.upper().replace("-", "").endswith("UTF8")
    return True
