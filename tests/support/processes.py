"""Real processes in tests: waiting for conditions, and ending whatever a test has started."""

import time
from contextlib import suppress

import psutil
import pytest

MARK = "COCKPIT_TEST"  # an environment variable that every process of a test inherits
DEADLINE = 180.0  # seconds; far beyond what anything here takes


def wait_until(condition, what, seconds=DEADLINE, pause=0.02):
    """Poll until ``condition()`` is true and give what it gave."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(pause)
    return pytest.fail(f"waited {seconds:g} s for {what() if callable(what) else what}")


def alive(pid):
    """Whether a process exists and is no zombie."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def marked(mark):
    """Every living process that was started with this mark, the caller excepted."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            mine = process.environ().get(MARK) == str(mark) and process.pid != psutil.Process().pid
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def end_marked(mark):
    """Kill every process with this mark and wait until none is left."""

    def none_left():
        left = marked(mark)
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        return not left

    wait_until(none_left, f"the end of {marked(mark)}")


def cpu_seconds(process):
    """Processor time a process has used, children it has reaped excepted."""
    times = process.cpu_times()
    return times.user + times.system
