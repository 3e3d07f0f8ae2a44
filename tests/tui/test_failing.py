"""What fails under the screen is told on it, and takes nothing down."""

import os
from pathlib import Path

import pytest
from support.app import cockpit, screen_text, settled
from support.fakes import EMPTY, FakeFeed, snapshot

from cockpit.project import Project
from cockpit.tui.app import CockpitApp
from cockpit.tui.screens.ask import AskScreen
from cockpit.tui.screens.message import MessageScreen


async def reached(pilot, kind):
    while not isinstance(pilot.app.screen, kind):
        await pilot.pause(0.01)
    await pilot.pause()


class Stale(FakeFeed):
    """Finds the runs folder on a server that does not answer, as often as it is told to."""

    failing = 3

    def poll(self):
        if self.failing:
            self.failing -= 1
            raise OSError(116, "Stale file handle", "/mnt/lm/runs")
        return super().poll()


async def test_a_folder_that_cannot_be_read_is_told_once_and_looked_at_again():
    app = CockpitApp(Project(Path("/home/ada/lm")), Stale(EMPTY))
    async with app.run_test(size=(80, 24)) as pilot:
        await reached(pilot, MessageScreen)
        assert "/mnt/lm/runs: Stale file handle" in screen_text(app)
        await pilot.press("escape")
        await settled(pilot)
        assert app.screen is app.dashboard


async def test_an_error_of_the_system_without_a_number_says_what_it_is():
    app = cockpit(EMPTY)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.deeds.fail(OSError("the archive has no end"))
        await reached(pilot, MessageScreen)
        assert "the archive has no end" in screen_text(app)


@pytest.mark.parametrize("folder", ["~nobody-of-this-name/weights", "~nobody-of-this-name"])
async def test_an_export_to_the_folder_of_nobody_is_refused(folder):
    app = cockpit(snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app.deeds.share("/home/ada/lm/step=400.ckpt")
        await pilot.press("1")
        await reached(pilot, AskScreen)
        await pilot.press("ctrl+u", *folder, "enter")
        await pilot.pause()
        assert isinstance(app.screen, AskScreen)
        assert "~nobody-of-this-name: there is no such user" in screen_text(app)


async def test_a_crash_is_told_without_the_keys_that_lay_about(monkeypatch, capsys):
    monkeypatch.setenv("WANDB_API_KEY", "a-plain-pass-phrase")
    app = CockpitApp(Project(Path("/home/ada/lm")), FakeFeed(EMPTY))

    def crash(environment):
        raise RuntimeError(f"{environment['WANDB_API_KEY']} \x1b[2J")

    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        try:
            crash(dict(os.environ))
        except RuntimeError:
            app._fatal_error()
    words = capsys.readouterr().err
    assert "RuntimeError: [redacted]" in words
    assert 'raise RuntimeError(f"{environment' in words, "the line is told"
    assert "pass-phrase" not in words
    assert "\x1b[2J" not in words
