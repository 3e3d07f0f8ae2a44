"""The screens that change and note: keys, validation, what they hand back; the keys that open them."""

import pytest
from support.app import cockpit, screen_text, settled, shown
from support.fakes import run_state, snapshot
from support.host import OPEN, SMALL, opened
from support.project import Project as RealProject
from support.questions import PRESENT

from cockpit.project import Project
from cockpit.runs.reader import RunReader
from cockpit.tui.app import CockpitApp
from cockpit.tui.feed import LiveFeed
from cockpit.tui.screens.confirm import ConfirmScreen
from cockpit.tui.screens.edit import EditScreen
from cockpit.tui.screens.note import NoteScreen


def edit():
    return EditScreen("Change 7f3a", PRESENT, 1240, 3)


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["escape"], None),
        ([*"x0.5", "escape"], None),
        ([*"x0.5", "enter"], {"lr": "x0.5"}),
        ([*"3e-4", "down", *"5000", "enter"], {"lr": 3e-4, "max_steps": 5000}),
        (["up", *"25", "enter"], {"log_every_n_steps": 25}),
        (["down", "down", "down", *"off", "tab", *"7", "enter"], {"gradient_clip_val": 0.0, "patience": 7}),
        ([*"9", "backspace", "down", "down", *"12", "ctrl+u", *"20", "enter"], {"max_epochs": 20}),
        (["enter"], OPEN),
        ([*"fast", "enter"], OPEN),
        (["down", *"1240", "enter"], OPEN),
        (["down", "down", *"3", "enter"], OPEN),
        ([*"-1", "enter"], OPEN),
    ],
)
async def test_keys_edit_values(keys, answer):
    async with opened(edit(), SMALL, *keys) as (host, _):
        assert host.answer == answer
        assert host.leaked == []


async def test_what_is_wrong_is_said_until_a_key_is_pressed():
    async with opened(edit(), SMALL, "down", *"1240", "enter") as (host, pilot):
        assert any("step 1,240 is reached already" in line for line in host.shown())
        await pilot.press("backspace")
        assert not any("reached already" in line for line in host.shown())


async def test_a_click_moves_the_cursor():
    async with opened(edit()) as (host, pilot):
        await pilot.click(offset=host.place("patience"))
        await pilot.press(*"9", "enter")
        await pilot.pause()
        assert host.answer == {"patience": 9}


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["escape"], None),
        (["enter"], None),
        (["space", "enter"], None),
        ([*"a q n", "enter"], "a q n"),
        ([*"ab", "backspace", "enter"], "a"),
    ],
)
async def test_keys_write_a_note(keys, answer):
    async with opened(NoteScreen("Note", ("step 1: before",)), SMALL, *keys) as (host, _):
        assert host.answer == answer
        assert host.leaked == []


async def test_an_edit_is_told_once_and_shown_by_v():
    app = cockpit(snapshot())
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        await shown(pilot, snapshot(config_changes=("-    lr: 3e-4", "+    lr: 1e-4")))
        assert "config file edited: this will not change the running experiment" in screen_text(app)
        await pilot.press("v")
        await pilot.pause()
        assert "+    lr: 1e-4" in screen_text(app)


async def test_a_cockpit_that_only_looks_changes_and_notes_nothing():
    app = cockpit(snapshot(run_state()))
    app.project = Project(app.project.root, read_only=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        await pilot.press("e", "n")
        await pilot.pause()
        assert app.screen is app.dashboard


async def until(pilot, condition):
    for _ in range(600):
        if condition():
            return
        await pilot.pause(0.05)
    raise AssertionError(screen_text(pilot.app))


@pytest.mark.slow
async def test_e_changes_a_live_run_and_n_notes_it(tmp_path):
    project = RealProject(tmp_path / "project")
    try:
        run = project.start()
        app = CockpitApp(Project(project.folder), LiveFeed(Project(project.folder)))
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            await pilot.press("e")
            await until(pilot, lambda: isinstance(app.screen, EditScreen))
            await pilot.press(*"x0.5", "enter")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            assert RunReader(run).poll().marks == ()
            await pilot.press("y")
            await until(pilot, lambda: [m.text for m in app.snapshot.selected.marks] == ["lr 0.001 → 0.0005"])
            await pilot.press("n")
            await pilot.pause()
            assert isinstance(app.screen, NoteScreen)
            await pilot.press(*"slower", "enter")
            await until(pilot, lambda: [m.kind for m in app.snapshot.selected.marks] == ["change", "note"])
    finally:
        project.close()
