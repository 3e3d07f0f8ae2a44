"""Alerts of a run that reach somebody although no cockpit is open."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

from cockpit.domain.alerts import Alert, Once, alerts
from cockpit.errors import RunDamaged
from cockpit.runs.layout import ENV_ALERTS, RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.record import read_launch

PERIOD = 5.0  # seconds between two looks
_SECTION = b"[alerts]"  # of cockpit.toml: without it and the variable nobody is to be told


class Alerter:
    """Looks at the run on a thread of its own and hands what is new to a process of its own.

    Neither the trainer nor the runner's loop waits for a slow disk or a dead webhook.

    Args:
        run: which run; the cockpit.toml of its project says where alerts go.
        period: seconds between two looks.
    """

    def __init__(self, run: RunPaths, period: float = PERIOD) -> None:
        self._project, self._period = _project_of(run), period
        self._reader = RunReader(run)
        self._once = Once()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="alerter", daemon=True)
        self._sending: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> None:
        """The trainer has ended, and its exit is on record: tell how, without waiting for the delivery."""
        self._stopped.set()
        self._thread.join(self._period)
        if not self._thread.is_alive():
            with suppress(Exception):
                self._look()

    def _loop(self) -> None:
        while not self._stopped.wait(self._period):
            try:
                self._look()
            except Exception:  # one bad look must not end the alerts of a run that takes days
                with suppress(OSError):
                    traceback.print_exc()

    def _look(self) -> None:
        self._sending = [process for process in self._sending if process.poll() is None]
        if wanted(self._project):
            for alert in self._once.new(alerts(self._reader.poll()), time.time()):
                self._send(alert)

    def _send(self, alert: Alert) -> None:
        words = json.dumps({"project": str(self._project), "title": alert.title, "body": alert.body}).encode()
        process = subprocess.Popen(
            [sys.executable, "-m", "cockpit.runner.notify"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(words)
        self._sending.append(process)


def _project_of(run: RunPaths) -> Path:
    try:
        return Path(read_launch(run).project)
    except RunDamaged:
        return run.root


def wanted(project: Path) -> bool:
    """Whether anybody said where alerts go. Only looked for: to check the file takes more memory than a runner."""
    if os.environ.get(ENV_ALERTS):
        return True
    try:
        return _SECTION in (project / "cockpit.toml").read_bytes()
    except OSError:
        return False
