"""A script is started from the screen with arguments, those of its last run standing there already."""

import shlex

import pytest
from support.app import settled
from support.fakes import EMPTY, FakeFeed
from support.questions import QUESTION

from cockpit.project import Project
from cockpit.tui.app import CockpitApp
from cockpit.tui.deeds import training
from cockpit.tui.screens.ask import AskScreen
from cockpit.tui.screens.choose import ChooseScreen
from cockpit.tui.screens.confirm import ConfirmScreen


async def reached(pilot, kind):
    while not isinstance(pilot.app.screen, kind):
        await pilot.pause(0.01)
    await pilot.pause()


@pytest.mark.parametrize(
    ("keys", "given"),
    [
        (["enter"], ["--lr", "3e-4"]),
        (["ctrl+u", "enter"], []),
        ([*" --name 'a b'", "enter"], ["--lr", "3e-4", "--name", "a b"]),
        ([*" 'open", "enter", "backspace", *"closed'", "enter"], ["--lr", "3e-4", "opeclosed"]),
    ],
)
async def test_arguments_are_asked_for(tmp_path, monkeypatch, keys, given):
    (tmp_path / "train.py").write_text("import torch\n")
    asked = []

    def plan_script(project, words, folder, env_pass):
        asked.append(list(words))
        return type("Plan", (), {"question": QUESTION})()

    monkeypatch.setattr(training, "plan_script", plan_script)
    monkeypatch.setattr(training, "arguments_before", lambda project, name: shlex.split("--lr 3e-4"))
    app = CockpitApp(Project(tmp_path), FakeFeed(EMPTY))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("s")
        await reached(pilot, ChooseScreen)
        await pilot.press("enter")
        await reached(pilot, AskScreen)
        await pilot.press(*keys)
        await reached(pilot, ConfirmScreen)
    assert asked == [["python", "train.py", *given]]
