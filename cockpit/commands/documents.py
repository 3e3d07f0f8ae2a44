"""Documents about runs."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from cockpit.domain.text import safe
from cockpit.errors import UsageError
from cockpit.project import Project
from cockpit.runs.atomic import write_atomic
from cockpit.runs.documents import write_handoff
from cockpit.runs.store import find_run


def handoff(project: Project, arguments: Namespace) -> int:
    """Write a run's handoff and print it."""
    written = write_handoff(find_run(project.runs_folder, arguments.run))
    content = json.dumps(written.document, indent=1) if arguments.json else written.markdown.rstrip()
    if arguments.output:
        try:
            write_atomic(Path(arguments.output), content + "\n")
        except OSError as error:
            raise UsageError(f"{safe(arguments.output)}: {error.strerror}", "Cannot write there") from None
    print(content)
    return 0
