"""Keys, mouse, sizes and hostile text on the dashboard."""

from dataclasses import replace

import pytest
from rich.cells import cell_len
from support.app import cockpit, screen_text, settled, shown
from support.fakes import (
    EMPTY,
    FAILED,
    ID,
    OLDER,
    ONE_GPU,
    STAGES,
    STRANGER,
    checkpoint,
    curves,
    gpu,
    launch,
    run_state,
    snapshot,
)
from support.hostile import HOSTILE

from cockpit.domain.run import Best, NonFinite
from cockpit.domain.state import State
from cockpit.probes.gpu import GpuReport
from cockpit.tui.dashboard import PAGES
from cockpit.tui.keys import KEYS
from cockpit.tui.messages import Leave
from cockpit.tui.screens.choose import ChooseScreen
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.help import HelpScreen

WIDE, SMALL = (140, 40), (80, 24)


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


@pytest.mark.parametrize("name", ["loss", "rate", "log", "gpus", "host", "progress"])
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


async def test_charts_obey_their_keys():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        whole = screen_text(app)
        await pilot.press("plus", "plus")
        assert "last 25%" in screen_text(app)
        await pilot.press("left_square_bracket")
        assert "zoom 25%" in screen_text(app)
        await pilot.press("right_square_bracket", "minus", "minus")
        assert screen_text(app) == whole
        await pilot.press("l")
        assert "log ─╮" in screen_text(app)
        await pilot.press("l", "m")
        assert screen_text(app) != whole
        await pilot.press("m")
        assert screen_text(app) == whole


async def test_the_terminal_may_take_any_size_at_any_time():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        for size in (SMALL, (40, 10), (20, 5), (1, 1), (2, 40), (140, 1), (110, 28), (109, 27), (300, 90), WIDE):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            rows = screen_text(app).split("\n")
            assert [cell_len(row) for row in rows] == [size[0]] * size[1]
            if size[0] >= 20 and size[1] >= 5:
                assert "RUNNING" in "".join(rows).upper()


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_a_new_look_reaches_hidden_panels_when_they_are_shown(size):
    app = cockpit(snapshot())
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await shown(pilot, snapshot(run_state(checkpoints=(checkpoint(3999, 1.5, "best"),))))
        await pilot.press("2")
        assert "step 3,999" in screen_text(app)


def hostile_look(text):
    state = run_state(
        **FAILED | {
            "name": text, "evidence": text, "device": text, "exception": text, "sample_unit": text, "seed": 1,
            "best": Best(text, 1.0), "nonfinite": (NonFinite(1, text, 0.0),), "launch": launch(name=text),
            "checkpoints": (replace(checkpoint(1, 0.5, text), path=text, name=text, metric=text),),
            "series": curves(50), "stages": (replace(STAGES[0], name=text, detail=text, pipeline=text),),
        }
    )  # fmt: skip
    stranger = replace(STRANGER, name=text, user=text)
    checks = tuple(replace(check, evidence=text, detail=text, remedy=text) for check in snapshot().checks)
    return replace(
        snapshot(state, log=(text,) * 3, gpus=GpuReport((gpu(name=text, processes=(stranger,)),), text), checks=checks),
        project=text,
        host=text,
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("size", [WIDE, SMALL, (40, 10)])
async def test_hostile_text_is_shown_and_obeyed_nowhere(text, size):
    app = cockpit(hostile_look(text))
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for keys in (["1"], ["2"], ["3"], ["4"], ["5"], ["enter"], ["escape"]):
            await pilot.press(*keys)
            seen = screen_text(app).replace("\n", "")
            assert not any(c < " " or "\x7f" <= c < "\xa0" or c in "\u202e\u200b\u2066\u2069\ud800" for c in seen)
        assert app.is_running


async def test_an_active_run_with_hostile_stages_is_shown():
    for text in HOSTILE:
        stage = replace(STAGES[0], name=text, detail=text, pipeline=text, status="running")
        app = cockpit(snapshot(run_state(state=State.LAUNCHING, stage=stage, stages=(stage,), series={}), gpus=ONE_GPU))
        async with app.run_test(size=WIDE) as pilot:
            await settled(pilot)
            assert not any(c < " " for c in screen_text(app).replace("\n", ""))
