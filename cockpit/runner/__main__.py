"""``python -m cockpit.runner RUN_DIR [ATTEMPT [READY_FD]]``: supervise one attempt at a run until it ends.

The answer to the launcher, one line of JSON, goes to the descriptor READY_FD. Exit code 75: the run is in use.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from cockpit.errors import EXIT_USAGE, CockpitError
from cockpit.runner.attempt import latest_attempt
from cockpit.runner.supervise import Supervisor
from cockpit.runs.layout import ENV_ALERTS, RunPaths

_LONGEST = 1 << 16  # bytes of the addresses


def main(arguments: list[str]) -> int:
    """Run it; gives the exit code."""
    if not 1 <= len(arguments) <= 3:
        print(__doc__, file=sys.stderr)
        return EXIT_USAGE
    run = RunPaths(Path(arguments[0]).absolute())
    attempt = int(arguments[1]) if len(arguments) > 1 else latest_attempt(run)
    ready = int(arguments[2]) if len(arguments) > 2 else None
    if ready is not None:
        os.set_inheritable(ready, False)
        _hear_alerts()

    def answer(**words: int | str) -> None:
        if ready is not None:
            with suppress(BrokenPipeError):  # the launcher is gone, the run goes on
                os.write(ready, json.dumps(words).encode() + b"\n")
            os.close(ready)

    try:
        supervisor = Supervisor(run, attempt)
        pid, started = supervisor.start()
    except CockpitError as error:
        print(f"cockpit: {error.message}", file=sys.stderr)
        answer(error=error.message, title=error.title, hint=error.hint, code=error.exit_code)
        return error.exit_code
    answer(pid=pid, start_time=started)
    supervisor.watch()
    return 0


def _hear_alerts() -> None:
    """Where alerts go: from the launcher, by a file without a name that is let go of at once."""
    told = ""
    with suppress(OSError):  # whoever started it by hand has no such file
        told = os.pread(0, _LONGEST, 0).decode(errors="replace")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    if told:
        os.environ[ENV_ALERTS] = told  # not what others read in /proc


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
