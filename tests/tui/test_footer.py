"""The footer names the keys that are of use now."""

import pytest
from support.app import cockpit, screen_text, settled, shown
from support.fakes import (
    EMPTY,
    launch,
    run_state,
    snapshot,
)
from support.host import SMALL, WIDE

from cockpit.domain.state import State


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


async def test_a_small_terminal_says_that_there_are_pages():
    app = cockpit(snapshot())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert "1-5 pages  ? help" in footer(app)
        await pilot.resize_terminal(*WIDE)
        await pilot.pause()
        assert "pages" not in footer(app)
