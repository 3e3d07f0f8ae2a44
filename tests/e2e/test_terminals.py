"""Terminals that can little, and folders that hold much, on a real pty."""

import json
import re
import struct

import psutil
import pytest
from benchmarks.scenes import finished, many
from support.project import COCKPIT, step_shown

pytestmark = pytest.mark.slow
ESCAPE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|P[^\x1b]*\x1b\\|[()][A-Z0-9]|.)")


@pytest.fixture
def training(project):
    return project, project.start()


def test_a_dumb_terminal_is_told_what_to_use_instead(training):
    project, _ = training
    window = project.window(TERM="dumb")
    assert window.process.wait(timeout=60) == 2
    assert "cockpit status" in window.text()
    assert not re.search(rb"\x1b", window.raw)
    assert json.loads(project.cockpit("status", "--json", TERM="dumb").stdout)["state"] == "running"


@pytest.mark.parametrize("stderr", ["2>errors", "2>&-"])
def test_errors_written_elsewhere_leave_the_screen_where_it_is(training, stderr):
    project, _ = training
    window = project.window(argv=["sh", "-c", f"exec {COCKPIT} {stderr}"])
    step_shown(window, 5)
    window.press("\x03")
    window.wait_for("ctrl\\+c ends nothing; q leaves, training goes on")
    window.press("q")
    assert window.process.wait(timeout=60) == 0
    window.wait_for("goes on without the cockpit")


@pytest.mark.parametrize("locale", [{"LANG": "C"}, {"LC_ALL": "POSIX"}, {"LANG": "en_US.ISO-8859-1"}], ids=range(3))
def test_without_utf8_every_byte_is_ascii(training, locale):
    project, _ = training
    window = project.window(**locale)
    step_shown(window, 5)
    window.press("?")
    window.wait_for("(?i)keys")
    window.press("\x1b")
    window.wait_for("Ready to train")
    assert ESCAPE.sub(b"", bytes(window.raw)).isascii()


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (3, 60), (300, 3)])
def test_a_window_of_hardly_any_size(training, size):
    project, run = training
    window = project.window(size=size)
    if size == (20, 5):
        window.wait_for("(?i)running")
    project.steps_on(run, 20)
    assert window.process.poll() is None
    window.press("?")
    window.press("\x1b")
    window.resize(80, 24)
    shown = step_shown(window, 20)
    window.resize(1, 1)
    window.resize(140, 40)
    step_shown(window, shown)
    window.press("q")
    assert window.process.wait(timeout=60) == 0


def test_a_log_of_a_gigabyte(training):
    project, run = training
    project.cockpit("stop", "latest", "--yes")
    with open(run.output, "r+b") as log:
        log.truncate(1 << 30)
        log.seek(0, 2)
        log.write(b"\nthe last line but one\nthe very last line\n")
    window = project.window()
    window.wait_for("the very last line")
    assert psutil.Process(window.pid).memory_info().rss < 150e6
    assert project.cockpit("logs", "latest", "-n", "1").stdout == "the very last line\n"


def test_ten_thousand_runs(project):
    many(project.folder / "runs", 10_000)
    listed = json.loads(project.cockpit("runs", "--json").stdout)
    assert len(listed) == 10_000
    assert {run["state"] for run in listed} == {"finished"}
    window = project.window()
    window.wait_for("10,000")
    window.press("2")
    window.wait_for("FINISHED")


def test_a_spike_in_a_million_points_is_seen(project):
    run = finished(project.folder / "runs", "2026-01-01T0000-million-aaaa", 1_000_000)
    record = bytearray(run.scalars.read_bytes()[32 * 400_000 : 32 * 400_001])
    record[16:24] = struct.pack("<d", 77.0)
    with open(run.scalars, "r+b") as file:
        file.seek(32 * 400_000)
        file.write(record)
    window = project.window()
    window.wait_for(r"step 1,000,000/")
    window.wait_for(r"\b(75|80|60)┤")
