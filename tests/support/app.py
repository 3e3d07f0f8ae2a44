"""The cockpit over a feed that never changes by itself."""

from pathlib import Path

from support.fakes import FakeFeed

from cockpit.project import Project
from cockpit.tui.app import CockpitApp


def cockpit(look, **options):
    return CockpitApp(Project(Path("/home/ada/lm")), FakeFeed(look), **options)


async def settled(pilot):
    """Until the first look is on the screen."""
    while pilot.app.snapshot is None:
        await pilot.pause()
    await pilot.pause()


async def shown(pilot, look):
    """Hand the cockpit another look and wait until it is on the screen."""
    pilot.app.feed.snapshot = look
    while pilot.app.snapshot is not look:
        await pilot.pause(0.01)
    await pilot.pause()


def screen_text(app):
    """What a person reads, row by row."""
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())
