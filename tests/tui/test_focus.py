"""The keys belong to one panel, which is seen and says so."""

import pytest
from support.app import cockpit, painted, settled, shows_focus
from support.fakes import snapshot


async def owner(pilot, *keys):
    """Which panel says that it has the keys, after some more."""
    await pilot.press(*keys)
    await painted(pilot)
    panels = pilot.app.dashboard.panels.values()
    (panel,) = [panel for panel in panels if panel.display and shows_focus(panel)]
    assert panel is pilot.app.focused
    return panel.id


@pytest.mark.parametrize(("size", "first"), [((140, 40), "runs"), ((80, 24), "loss")])
async def test_it_goes_from_page_to_page_and_back(size, first):
    async with cockpit(snapshot()).run_test(size=size) as pilot:
        await settled(pilot)
        assert await owner(pilot) == first
        assert [await owner(pilot, key) for key in "1212341"] == [
            "loss",
            "runs",
            "loss",
            "runs",
            "gpus",
            "checks",
            "loss",
        ]
        assert [await owner(pilot, "2", "z"), await owner(pilot, "z")] == ["runs", "runs"]


async def test_it_leaves_a_panel_for_which_there_is_no_more_room():
    async with cockpit(snapshot()).run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        assert await owner(pilot, "3") == "gpus"
        await pilot.resize_terminal(80, 24)
        pilot.app.dashboard.turn_to("runs")
        assert await owner(pilot) == "runs"
        await pilot.resize_terminal(140, 40)
        assert await owner(pilot, "3") == "gpus"
        pilot.app.dashboard.page = "training"
        await pilot.resize_terminal(80, 24)
        assert await owner(pilot) == "loss"
