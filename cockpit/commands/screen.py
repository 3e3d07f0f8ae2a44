"""Opening the cockpit itself."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from cockpit.errors import UsageError
from cockpit.project import Project
from cockpit.runs.layout import RunPaths


def open_here(
    project: Project,
    arguments: Namespace,
    *,
    selected: str | None = None,
    config: str | None = None,
    watch: Sequence[Path] = (),
) -> int:
    """Run the cockpit; what it leaves behind is told on the normal screen."""
    for stream, what, sign in ((sys.stdin, "input", "<"), (sys.stdout, "output", ">")):
        if not stream.isatty():
            raise UsageError(
                f"The cockpit's {what} is not a terminal",
                "No terminal here",
                f"Start it without a pipe or {sign}, over ssh with -t. Or: cockpit status, cockpit runs",
            )
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        raise UsageError(
            f"TERM={os.environ.get('TERM', '')}: this terminal cannot place text",
            "No screen here",
            "Without one: cockpit status, cockpit runs, cockpit logs RUN -f. If it can: export TERM=xterm-256color",
        )
    from cockpit.tui.main import open_cockpit

    leave = open_cockpit(project, ascii_only=arguments.ascii, selected=selected, ask_to_start=config, watch=watch)
    if leave is not None and leave.run_id is not None and not project.read_only:
        from cockpit.runs.documents import write_handoff

        print(f"{leave.run_id} goes on without the cockpit.")
        print(f"  come back   cd {project.root} && cockpit")
        print(f"  look        cockpit status {leave.run_id.rsplit('-', 1)[-1]}")
        handoff = write_handoff(RunPaths(project.runs_folder / leave.run_id))
        print(f"  handoff     {handoff.markdown_path}")
    return 0
