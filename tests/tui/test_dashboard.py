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
    launch,
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


def footer(app):
    return screen_text(app).splitlines()[-1]


async def test_the_footer_has_the_keys_that_are_of_use_now():
    deaf = run_state(listens=False, launch=launch(framework="PyTorch"))
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert all(word in footer(app) for word in ("x stop", "c checkpoint", "p pause", "e edit", "n note"))
        assert "r resume" not in footer(app)
        await shown(pilot, snapshot(deaf))
        assert "x stop" in footer(app)
        assert not {"c checkpoint", "p pause", "e edit", "r resume"} & set(footer(app).split("  "))
        await shown(pilot, snapshot(run_state(state=State.STOPPED)))
        assert "r resume" in footer(app)
        assert "x stop" not in footer(app)
        await shown(pilot, snapshot(run_state(state=State.FAILED, last_checkpoint=None)))
        assert "r resume" not in footer(app)
        await shown(pilot, snapshot(run_state(state=State.PAUSED)))
        assert "p continue" in footer(app)
        await shown(pilot, EMPTY)
        assert footer(app).split("  ")[:2] == [" s start", "enter zoom"]


async def test_the_footer_tells_what_enter_does_over_each_panel():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        told = {"runs": "enter show", "checkpoints": "enter details", "checks": "enter remedy", "loss": "enter zoom"}
        for name, words in told.items():
            app.dashboard.panels[name].focus()
            await pilot.pause()
            assert words in footer(app)
            assert ("z zoom" in footer(app)) is (name != "loss")
            assert ("d delete" in footer(app)) is (name == "checkpoints")
        app.dashboard.runs.focus()
        await pilot.press("down")
        await shown(pilot, snapshot())
        assert "d delete" in footer(app)  # the older run has ended


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_the_footer_of_an_enlarged_chart_has_the_way_back_and_its_keys(size):
    app = cockpit(snapshot())
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        app.dashboard.loss.focus()
        await pilot.press("enter")
        assert footer(app).startswith(" esc back  y metric  m smoothing  l log")
        await pilot.press("escape")
        assert "esc back" not in footer(app)


async def test_z_enlarges_a_list_and_gives_everything_back():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        app.dashboard.runs.focus()
        await pilot.press("z")
        assert app.dashboard.zoomed == "runs"
        assert app.dashboard.runs.size.width == WIDE[0]
        await pilot.press("z")
        assert app.dashboard.zoomed is None


async def test_an_enlarged_list_of_runs_tells_steps_time_and_the_best():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        app.dashboard.runs.focus()
        await pilot.press("z")
        row = next(line for line in screen_text(app).splitlines() if "gpt-stdlib" in line and ">" in line)
        for words in ("✓4 ⚠1", "running", "1,240/4,000", "12m41s", "best val/loss 1.598 @ 1,000"):
            assert words in row


async def test_a_list_says_that_it_goes_on_below():
    many = tuple(run_state(id=f"2026-11-22T1830-run-{i:04x}", state=State.FINISHED) for i in range(60))
    app = cockpit(replace(snapshot(), runs=many))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "60 ↓ ─╮" in screen_text(app)
        app.dashboard.runs.focus()
        await pilot.press("end")
        assert "60 ─╮" in screen_text(app)


async def test_page_keys_move_by_what_is_seen_of_a_list():
    many = tuple(run_state(id=f"2026-11-22T1830-run-{i:04x}") for i in range(60))
    app = cockpit(replace(snapshot(), runs=many))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        runs = app.dashboard.runs
        runs.focus()
        await pilot.press("home", "pagedown")
        assert runs.cursor == runs.size.height - 2
        await pilot.press("end", "pagedown")
        assert runs.cursor == len(many) - 1
        await pilot.press("pageup")
        assert runs.cursor == len(many) - 1 - (runs.size.height - 2)


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


async def test_a_checkpoint_without_a_metric_has_its_age():
    saved = replace(checkpoint(1200, None), time=snapshot().now - 600)
    app = cockpit(snapshot(run_state(checkpoints=(saved,))))
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        assert "10m ago" in screen_text(app)


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


async def test_a_small_terminal_says_that_there_are_pages():
    app = cockpit(snapshot())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "1-5 pages  ? help" in footer(app)
        await pilot.resize_terminal(*WIDE)
        await pilot.pause()
        assert "pages" not in footer(app)


async def test_of_a_run_that_has_ended_the_smallest_terminal_tells_no_arrival():
    app = cockpit(snapshot())
    async with app.run_test(size=(30, 10)) as pilot:
        await settled(pilot)
        assert "ETA 27m" in screen_text(app)
        await shown(pilot, snapshot(run_state(state=State.FAILED, eta=Eta(None, reason="it has ended"))))
        assert "ETA" not in screen_text(app)
