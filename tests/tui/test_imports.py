"""What the cockpit's process loads: never the training stack, and what looks and judges after the first paint."""

import json
import subprocess
import sys

from support.fakes import NOW, launch

from cockpit.runs.journal import JournalWriter
from cockpit.runs.record import create_run
from cockpit.runs.scalars import ScalarWriter

_SCRIPT = """
import asyncio, json, sys
from pathlib import Path
from cockpit.project import Project
from cockpit.tui.app import CockpitApp
from cockpit.tui.feed import LiveFeed

project = Project(Path(sys.argv[1]))
early = {}

class Watched(LiveFeed):
    def poll(self):
        early.setdefault("modules", sorted(sys.modules))
        return super().poll()

async def main():
    app = CockpitApp(project, Watched(project))
    async with app.run_test(size=(140, 40)) as pilot:
        while app.snapshot is None or not app.snapshot.checks or not app.snapshot.selected.series:
            await pilot.pause(0.02)
    print(json.dumps({"first": early["modules"], "last": sorted(sys.modules)}))

asyncio.run(main())
"""
_LATER = {  # reading, judging and asking: the first frame waits for none of it
    "cockpit.domain.run", "cockpit.domain.criteria.rules", "cockpit.domain.trouble.rules", "cockpit.project.gathering",
    "cockpit.project.scripts", "cockpit.runs.reader", "cockpit.settings", "cockpit.tui.screens.box", "psutil",
}  # fmt: skip
_TRAINING = {"torch", "lightning", "pytorch_lightning", "pandas", "tensorboard", "sklearn", "scipy", "jsonargparse"}


def test_the_training_stack_stays_out_and_what_looks_comes_late(tmp_path):
    run = create_run(tmp_path / "runs", launch(project=str(tmp_path)), b"")
    JournalWriter(run.journal).write("tag", tag=1, name="train/loss")
    ScalarWriter(run.scalars).write([(step, NOW + step, 1.0, 1, 0) for step in range(1, 50)])
    done = subprocess.run([sys.executable, "-c", _SCRIPT, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert not _TRAINING & set(loaded["last"])
    assert "numpy" in loaded["last"]
    assert not {"numpy", *_LATER} & set(loaded["first"])
