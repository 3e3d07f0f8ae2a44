"""The cockpit over a feed that never changes by itself."""

from pathlib import Path

from support.fakes import FakeFeed

from cockpit.project import Project
from cockpit.tui.app import CockpitApp
from cockpit.tui.cells import CellPanel


def cockpit(look, **options):
    return CockpitApp(Project(Path("/home/ada/lm")), FakeFeed(look), **options)


async def settled(pilot):
    """Until the first look is on the screen."""
    while pilot.app.snapshot is None:
        await pilot.pause()
    await painted(pilot)


async def painted(pilot):
    """Until what was asked for is done, and the panel that has the keys says so."""
    await pilot.pause()
    for _ in range(500):  # what never says so is for the test to tell
        if not isinstance(panel := pilot.app.focused, CellPanel) or shows_focus(panel):
            break
        await pilot.pause(0.01)
    await pilot.pause()


def shows_focus(panel):
    """Whether the frame is that of the panel that has the keys."""
    return not panel.framed or any("frame-focus" in cell for row in panel._grid[:1] for cell in row)


async def shown(pilot, look):
    """Hand the cockpit another look and wait until it is on the screen."""
    pilot.app.feed.snapshot = look
    while pilot.app.snapshot is not look:
        await pilot.pause(0.01)
    await painted(pilot)


def screen_text(app):
    """What a person reads, row by row."""
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())
