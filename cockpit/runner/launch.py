"""Starting a run so that it outlives whoever starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cockpit.errors import EXIT_RUN_IN_USE, LaunchError, RunInUse
from cockpit.runner.attempt import LaunchSpec, create_attempt
from cockpit.runner.logout import at_logout
from cockpit.runs.layout import ENV_ALERTS, ENV_ATTEMPT, ENV_RUN_DIR, RunPaths
from cockpit.runs.process import readable

TIMEOUT = 30.0  # seconds; a healthy runner takes 0.2, one that waits for orphaned data workers 10


@dataclass(frozen=True, slots=True)
class Launched:
    """A trainer that runs, under a runner that watches it."""

    attempt: int
    pid: int
    start_time: int  # clock ticks since boot
    runner_pid: int


def launch(spec: LaunchSpec, timeout: float = TIMEOUT) -> Launched:
    """Start a detached runner, which starts the trainer; returns when both are on record.

    It blocks for about 0.2 s, at most ``timeout`` seconds: not for an event loop.

    Raises:
        RunInUse: the run has a runner or a trainer already.
        LaunchError: it could not be started; nothing was left running.
    """
    try:
        attempt = create_attempt(spec)
    except OSError as error:
        raise LaunchError(f"{spec.run.attempts}: {error.strerror}", "Cannot write the run") from None
    try:
        return _start_runner(spec, attempt, timeout)
    except BaseException:
        spec.run.attempt(attempt).unlink(missing_ok=True)
        raise


def _start_runner(spec: LaunchSpec, attempt: int, timeout: float) -> Launched:
    run = spec.run
    readable, writable = os.pipe()
    try:
        try:
            runner = _spawn(spec, attempt, writable)
        except OSError as error:
            raise LaunchError(f"The runner: {error.strerror}", "Cannot start it") from None
        finally:
            os.close(writable)
        # Reaped when it ends, or it would stay a zombie for as long as the cockpit lives.
        threading.Thread(target=runner.wait, name="reap runner", daemon=True).start()
        words = _read_answer(readable, time.monotonic() + timeout)
    finally:
        os.close(readable)
    if words and "pid" in words:
        return Launched(attempt, words["pid"], words["start_time"], runner.pid)
    _abandon(runner.pid)
    if words is None:
        raise LaunchError(f"The runner did not answer within {timeout:g} s", "Cannot start it", f"See {run.runner_log}")
    message = words.get("error") or f"The runner failed: {_last_line(run)}"
    kind = RunInUse if words.get("code") == EXIT_RUN_IN_USE else LaunchError
    raise kind(message, words.get("title", "Cannot start it"), words.get("hint", f"See {run.runner_log}"))


def _spawn(spec: LaunchSpec, attempt: int, ready: int) -> subprocess.Popen[bytes]:
    run = spec.run
    # what the trainer must not see, it could read from its parent's environment
    hidden = {ENV_RUN_DIR, ENV_ATTEMPT, *spec.unset}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    arguments = (str(run.root.absolute()), str(attempt), str(ready))
    # its keys are not in the environment, and this one, which it needs, would be read there by the trainer
    alerts = os.memfd_create("alerts")
    os.pwrite(alerts, environment.pop(ENV_ALERTS, os.environ.get(ENV_ALERTS, "")).encode(), 0)
    log = os.open(run.runner_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            # -P: a folder named cockpit in the working directory must not be imported in its stead.
            [*at_logout().wrapper, sys.executable, "-P", "-m", "cockpit.runner", *arguments],
            cwd=run.root,
            env=environment,
            stdin=alerts,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(ready,),
        )
    finally:
        os.close(log)
        os.close(alerts)


def _read_answer(fd: int, deadline: float) -> dict[str, Any] | None:
    """The runner's words; empty if it died without any, None if it stayed silent."""
    data = b""
    while not data.endswith(b"\n"):
        if not readable(fd, deadline - time.monotonic()):
            return None
        chunk = os.read(fd, 4096)
        if not chunk:
            return {}
        data += chunk
    words = json.loads(data)
    return words if isinstance(words, dict) else {}


def _abandon(runner: int) -> None:
    """End a runner that failed or hangs, and the trainer it may just have started."""
    import psutil

    with suppress(psutil.Error, ProcessLookupError):
        process = psutil.Process(runner)
        process.send_signal(signal.SIGSTOP)  # or it could start the trainer while its children are listed
        for child in process.children():
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.kill()
        process.kill()
        process.wait()


def _last_line(run: RunPaths) -> str:
    try:
        lines = run.runner_log.read_text(errors="replace").split("\n")
    except OSError:
        return "it left no word"
    return next((line for line in reversed(lines) if line.strip()), "it left no word")
