"""Killed in the middle of writing: at most the record under way is lost, and nothing before it is damaged."""

import random
import struct
import subprocess
import sys

import pytest
from support import appender
from support.processes import wait_until

from cockpit.runs.journal import JournalTail
from cockpit.runs.layout import RunPaths
from cockpit.runs.scalar_tail import ScalarTail

pytestmark = pytest.mark.slow


def test_kills_during_appends(tmp_path, loops):
    run, counters = RunPaths(tmp_path / "run"), tmp_path / "counters"
    run.root.mkdir()
    counters.write_bytes(bytes(16))
    chance = random.Random(1)
    for _ in range(loops(20, 200)):
        before = struct.unpack("<qq", counters.read_bytes())
        process = subprocess.Popen([sys.executable, appender.__file__, run.root, counters])
        more = chance.randrange(1, 400)
        wait_until(
            lambda: struct.unpack("<qq", counters.read_bytes())[1] >= before[1] + more, "appends", pause=0  # noqa: B023
        )  # fmt: skip
        process.kill()
        process.wait()

        tail = JournalTail(run.journal)
        numbers = [event["number"] for event in tail.poll()[0]]
        series = ScalarTail(run.scalars)
        series.poll()
        steps = series.series[0].view().steps.tolist()
        lines, records = struct.unpack("<qq", counters.read_bytes())
        assert tail.bad == 0
        # what had been written and not yet counted when it was killed is written once more by the next one
        assert sorted(set(numbers)) == list(range(1, max(numbers) + 1))
        assert sorted(set(steps)) == list(range(1, max(steps) + 1))
        assert lines <= max(numbers) <= lines + 1
        assert records <= max(steps) <= records + 1
