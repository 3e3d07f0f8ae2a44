"""A run of another tool, watched in a real terminal while it grows, and left as it was."""

import pytest
from support.event_files import scalar
from support.processes import wait_until

from cockpit.tui.keys import KEYS

pytestmark = pytest.mark.slow


def test_a_foreign_run_is_watched_live_and_nothing_is_written(project):
    folder = project.folder / "logs" / "run"
    folder.mkdir(parents=True)
    window = project.window("watch", "logs")
    window.wait_for("no runs there yet")
    with open(folder / "events.out.tfevents.1", "wb", buffering=0) as file:
        for last in (10, 20):
            file.write(b"".join(scalar("train/loss", step, 1.0) for step in range(last - 10, last)))
            window.wait_for(rf"WATCHED[\s\S]*step {last - 1}\b")
    before = {path: path.stat().st_mtime_ns for path in project.folder.rglob("*")}
    for key in [key for key in KEYS if key.acts]:
        window.press(key.key)
    window.press("?")
    window.wait_for("another tool records it")
    window.press("\x1b")
    wait_until(lambda: not window.shows("another tool records it"), "the help to close")
    window.press("q")
    wait_until(lambda: window.process.poll() is not None, "the cockpit to close")
    assert {path: path.stat().st_mtime_ns for path in project.folder.rglob("*")} == before
