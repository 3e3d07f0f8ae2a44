"""Keys and mouse on the dashboard."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.app import cockpit, screen_text, settled, shown
from support.fakes import (
    EMPTY,
    ID,
    OLDER,
    FakeFeed,
    checkpoint,
    run_state,
    snapshot,
)
from support.host import SMALL, WIDE

from cockpit.domain.run import Eta
from cockpit.domain.state import State
from cockpit.project import Project
from cockpit.tui import app as tui
from cockpit.tui.app import CockpitApp
from cockpit.tui.dashboard import PAGES
from cockpit.tui.keys import KEYS
from cockpit.tui.messages import Leave
from cockpit.tui.screens.choose import ChooseScreen
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.help import HelpScreen


async def test_one_look_answers_the_four_questions():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        text = screen_text(app)
        assert "● RUNNING 12m41s" in text
        assert "val 1.525 (best 1.598 @ 1,000)" in text
        assert "ETA 27m (24m–31m)" in text
        assert "s start" in text


@pytest.mark.parametrize("name", [name for names in PAGES.values() for name in names])
@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_every_panel_zooms_and_comes_back(name, size):
    app = cockpit(snapshot())
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        app.dashboard.turn_to(next(page for page, names in PAGES.items() if name in names))
        await pilot.pause()
        panel = app.dashboard.panels[name]
        panel.focus()
        before = panel.region
        app.dashboard.zoom(name)
        await pilot.pause()
        assert panel.region.width == size[0]
        await pilot.press("escape")
        assert panel.region == before


@pytest.mark.parametrize("name", ["loss", "second", "log", "gpus", "host", "progress"])
async def test_enter_zooms_what_has_the_keys(name):
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        app.dashboard.panels[name].focus()
        await pilot.press("enter")
        assert app.dashboard.panels[name].region.width == WIDE[0]
        await pilot.press("enter")
        assert app.dashboard.zoomed is None


async def test_tab_reaches_every_panel():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        reached = set()
        for _ in range(len(app.dashboard.panels)):
            reached.add(app.focused.id)
            await pilot.press("tab")
        assert reached == set(app.dashboard.panels)


@pytest.mark.parametrize("key", [key for key in KEYS if key.action not in ("leave", "start")], ids=lambda k: k.action)
@pytest.mark.parametrize("look", [EMPTY, snapshot()], ids=["empty", "running"])
async def test_no_key_harms_a_cockpit_without_a_run_directory(key, look, tmp_path):
    """The run of the fake feed has no folder: every action must end in a word, never in a crash."""
    state = look.selected and replace(look.selected, path=str(tmp_path / ID))
    app = cockpit(replace(look, selected=state))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press(key.key.split(",")[0])
        await pilot.pause()
        assert app.is_running
        assert not list(tmp_path.iterdir())


async def test_choosing_a_run_selects_it():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("j", "enter")
        assert app.feed.selected == [OLDER["id"]]
        await pilot.click(app.dashboard.runs, offset=(5, 1))
        assert app.feed.selected == [OLDER["id"], ID]


async def test_the_cursor_stays_on_its_checkpoint_when_others_come():
    older, newer = checkpoint(1000, 1.598, "best"), checkpoint(1200, 1.611, "last")
    app = cockpit(snapshot(run_state(checkpoints=(newer, older))))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        app.dashboard.checkpoints.focus()
        await pilot.press("down")
        await shown(pilot, snapshot(run_state(checkpoints=(checkpoint(1400, 1.7), newer, older))))
        assert app.dashboard.checkpoints.item == older
        await shown(pilot, snapshot(run_state(checkpoints=(newer,))))
        assert app.dashboard.checkpoints.item == newer


async def test_a_check_gives_its_remedy():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        app.dashboard.checks.focus()
        await pilot.press("end", "enter")
        await pilot.pause()
        assert isinstance(app.screen, DocumentScreen)
        await pilot.press("y")
        assert app.clipboard == "pip install tensorboard"


async def test_help_stop_and_leave():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape", "x")
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("escape", "q")
    assert app.return_value == Leave(ID)


async def test_leaving_a_finished_run_leaves_nothing_behind():
    app = cockpit(snapshot(run_state(state=State.FINISHED)))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.press("q")
    assert app.return_value == Leave(None)


@pytest.mark.timeout(20)
async def test_leaving_waits_for_no_look(monkeypatch):
    monkeypatch.setattr(tui, "_LOOK_EVERY", 60.0)
    app = cockpit(snapshot())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("q")
    assert app.return_value == Leave(ID)


async def test_the_palette_names_every_key_as_it_is():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        told = {command.title: command.help for command in app.get_system_commands(app.screen)}
        assert told["earlier"].endswith("([)")
        assert told["later"].endswith("(])")


async def test_the_memory_of_a_run_is_told_while_it_lives():
    app = cockpit(snapshot(run_state(ram_used=3 * 2**30)))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "run  3.0 GiB ram" in screen_text(app)
        await shown(pilot, snapshot(run_state(ram_used=3 * 2**30, state=State.FAILED)))
        assert "3.0 GiB ram" not in screen_text(app)


async def test_of_a_paused_run_it_is_told_what_is_left_not_when_it_ends():
    app = cockpit(snapshot(run_state(state=State.PAUSED)))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        line = screen_text(app).splitlines()[0]
        assert "left 27m" in line
        assert "ETA" not in line


async def test_a_legend_without_room_leaves_out_what_stands_beside_a_value():
    app = cockpit(snapshot())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "val 1.525 (best 1.598) ─╮" in screen_text(app)
        app.dashboard.loss.title = "a longer name"
        app.dashboard.loss.repaint()
        await pilot.pause()
        edge = next(line for line in screen_text(app).splitlines() if "a longer name" in line)
        assert "val 1.525 ─╮" in edge


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_a_cockpit_that_only_looks_names_no_key_that_acts(size):
    stopped = run_state(state=State.STOPPED, evidence="stopped at step 1240")
    app = CockpitApp(Project(Path("/home/ada/lm"), read_only=True), FakeFeed(EMPTY))
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        seen = ""
        for look in (EMPTY, snapshot(stopped)):
            await shown(pilot, look)
            for page in ("1", "2"):
                await pilot.press(page)
                seen += screen_text(app)
        app.dashboard.checkpoints.focus()
        await pilot.press("enter")
        assert isinstance(app.screen, DocumentScreen)
        seen += screen_text(app)
    assert "no run yet" in seen
    assert not [word for word in ("press s", "s starts", "r resumes", "resumes from it", "s start") if word in seen]


async def test_of_a_run_that_has_ended_the_smallest_terminal_tells_no_arrival():
    app = cockpit(snapshot())
    async with app.run_test(size=(30, 10)) as pilot:
        await settled(pilot)
        assert "ETA 27m" in screen_text(app)
        await shown(pilot, snapshot(run_state(state=State.FAILED, eta=Eta(None, reason="it has ended"))))
        assert "ETA" not in screen_text(app)
