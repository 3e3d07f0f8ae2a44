"""Documents about runs."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from cockpit.commands.common import say_checks
from cockpit.domain.text import safe
from cockpit.errors import UsageError
from cockpit.project import Project
from cockpit.runs.atomic import write_atomic
from cockpit.runs.documents import write_handoff, write_overview
from cockpit.runs.store import find_run


def handoff(project: Project, arguments: Namespace) -> int:
    """Write a run's handoff, or that of all that are not finished, and print it."""
    if arguments.all:
        overview = write_overview(project.root, project.runs_folder)
        content = json.dumps(overview.documents, indent=1) if arguments.json else overview.markdown.rstrip()
    else:
        written = write_handoff(find_run(project.runs_folder, arguments.run))
        content = json.dumps(written.document, indent=1) if arguments.json else written.markdown.rstrip()
    if arguments.output:
        try:
            write_atomic(Path(arguments.output), content + "\n")
        except OSError as error:
            raise UsageError(f"{safe(arguments.output)}: {error.strerror}", "Cannot write there") from None
    print(content)
    return 0


def verify(_: Project, arguments: Namespace) -> int:
    """Does a handoff still hold? 1 where something it needs is gone or changed."""
    from cockpit.actions.verify import verify_handoff
    from cockpit.probes.gpu import GpuProbe

    found = verify_handoff(Path(arguments.file), GpuProbe().sample())
    holds = all(check.status != "bad" for check in found)
    if arguments.json:
        print(json.dumps({"holds": holds, "checks": [asdict(check) for check in found]}))
    else:
        say_checks(found)
    return 0 if holds else 1
