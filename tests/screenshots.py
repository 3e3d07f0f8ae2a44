"""Pictures for the README, from the real app on a real project: ``python tests/screenshots.py PROJECT FOLDER``.

Writes what the cockpit shows of the project's newest run, as SVG.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from textual.pilot import Pilot

from cockpit.project import Project
from cockpit.tui.app import CockpitApp
from cockpit.tui.feed import LiveFeed

WIDE, SMALL = (140, 40), (80, 24)


async def settled(app: CockpitApp, pilot: Pilot[object]) -> None:
    """Until everything has been looked at once."""
    while app.snapshot is None or not app.snapshot.checks or app.snapshot.machine is None:
        await pilot.pause(0.1)
    await pilot.pause(1.5)


async def picture(project: Project, path: Path, size: tuple[int, int], *keys: str) -> None:
    """One screen after some keys."""
    app = CockpitApp(project, LiveFeed(project))
    async with app.run_test(size=size) as pilot:
        await settled(app, pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(2.0)
        path.write_text(app.export_screenshot(title=f"cockpit · {project.name}"))


async def main() -> None:
    """All of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    project = Project(options.project.absolute())
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, size, keys in (
        ("dashboard", WIDE, ()),
        ("small", SMALL, ("1",)),
    ):
        await picture(project, options.folder / f"{name}.svg", size, *keys)


if __name__ == "__main__":
    asyncio.run(main())
