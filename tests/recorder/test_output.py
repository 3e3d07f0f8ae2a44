"""Printing to a file on a full disk loses words and raises nothing; other faults are still told."""

import subprocess
import sys

import pytest

CODE = """
import sys
from cockpit.recorder.output import outlive_full_disk
if len(sys.argv) > 1:
    outlive_full_disk()
print("word")
print("error", file=sys.stderr)
sys.exit(7)
"""


def ended(*words, out="/dev/full"):
    with open(out, "wb") as file:
        return subprocess.run(
            [sys.executable, "-u", "-c", CODE, *words], stdout=file, stderr=file, check=False
        ).returncode


def test_a_full_disk_ends_only_those_that_do_not_care(tmp_path):
    assert ended() != 7
    assert ended("care") == 7
    assert ended("care", out=tmp_path / "log") == 7
    assert (tmp_path / "log").read_text() == "word\nerror\n"


def test_a_replaced_stream_is_left_alone(monkeypatch):
    from cockpit.recorder.output import outlive_full_disk

    mine = object()
    monkeypatch.setattr(sys, "stdout", mine)
    monkeypatch.setattr(sys, "stderr", mine)
    outlive_full_disk()
    assert sys.stdout is mine


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_another_fault_is_raised(stream):
    code = (
        "import os, sys; from cockpit.recorder.output import outlive_full_disk; outlive_full_disk();"
        f"os.close(sys.{stream}.fileno()); sys.{stream}.write('x')"
    )
    assert subprocess.run([sys.executable, "-u", "-c", code], capture_output=True, check=False).returncode != 0
