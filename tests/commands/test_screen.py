"""Where the cockpit can be opened, and where it says that it cannot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COCKPIT = str(Path(sys.executable).parent / "cockpit")


@pytest.fixture
def terminal():
    """One end of a terminal; what is written to it stays unread."""
    master, slave = os.openpty()
    yield slave
    os.close(master)
    os.close(slave)


def opened(folder, **streams):
    """How it ended, and what it said."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    return subprocess.run(
        [COCKPIT], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True, timeout=60, check=False, **streams
    )


@pytest.mark.parametrize("elsewhere", ["stdin", "stdout"])
def test_without_a_terminal_it_says_which_stream_and_what_to_use(elsewhere, terminal, tmp_path):
    streams = {"stdin": terminal, "stdout": terminal} | {elsewhere: subprocess.DEVNULL}
    done = opened(tmp_path, **streams)
    assert done.returncode == 2
    assert f"{elsewhere.removeprefix('std')}put is not a terminal" in done.stderr
    assert "cockpit status" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", ["", "demo", "runs", "status"])
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_traceback(words, closed, tmp_path):
    done = subprocess.run(
        ["sh", "-c", f"{COCKPIT} {words} {closed}"], cwd=tmp_path, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 2, 3)
    assert "Traceback" not in done.stderr
