"""The criteria on the screen: six lines, what they rest on a key away, trouble where it is seen."""

from dataclasses import replace

import pytest
from support.app import cockpit, screen_text, settled, shown
from support.fakes import CRITERIA, FAILED, LEAK, NAN, run_state, snapshot

from cockpit.domain.state import State
from cockpit.tui.cells import CellPanel

TROUBLED = snapshot(run_state(troubles=(NAN, LEAK)))


async def open_judgement(pilot):
    await settled(pilot)
    await pilot.press("4")
    criteria, panels = pilot.app.dashboard.criteria.focus(), list(pilot.app.dashboard.query(CellPanel))
    while not criteria.has_focus:
        await pilot.pause()
    while any(panel.size.area and panel._grid != panel._compose_grid(*panel.size) for panel in panels):
        await pilot.pause()  # until all behind the box show who has the keys
    await pilot.press("enter")
    await pilot.pause()


@pytest.mark.parametrize("size", [(140, 40), (80, 24)], ids=["140x40", "80x24"])
def test_what_it_rests_on(snap_compare, size):
    """Evidence and what to do."""
    assert snap_compare(cockpit(TROUBLED), terminal_size=size, run_before=open_judgement)


@pytest.mark.parametrize("size", [(140, 40), (80, 24)], ids=["140x40", "80x24"])
def test_trouble(snap_compare, size):
    """In the status line and beside the progress."""
    assert snap_compare(cockpit(TROUBLED), terminal_size=size, run_before=settled)


async def test_six_lines_and_how_many_are_met():
    async with cockpit(snapshot()).run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        text = screen_text(pilot.app)
        assert "Good training ────── ✓4 ⚠1" in text
        assert all(criterion.label in text for criterion in CRITERIA)


async def test_what_fails_is_counted_in_the_title_before_what_is_not_told():
    statuses = ("ok", "ok", "warn", "bad", "untold", "untold")
    criteria = tuple(replace(CRITERIA[0], status=status) for status in statuses)
    async with cockpit(snapshot(run_state(criteria=criteria))).run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        assert "Good training ─── ✓2 ⚠1 ✗1" in screen_text(pilot.app)
        await shown(pilot, snapshot(run_state(criteria=criteria[3:])))
        assert "✗1 ?2" in screen_text(pilot.app)


async def test_on_a_small_screen_the_criteria_take_the_place_of_the_checklist():
    async with cockpit(snapshot()).run_test(size=(120, 30)) as pilot:
        await settled(pilot)
        assert pilot.app.dashboard.criteria.display
        assert not pilot.app.dashboard.checks.display
        await shown(pilot, snapshot(run_state(criteria=(), verdict="")))
        assert pilot.app.dashboard.checks.display


async def test_what_happens_to_a_run_is_told_once_and_rings(monkeypatch):
    rung = []
    monkeypatch.setattr("cockpit.tui.app.ring", lambda app, how, text: rung.append(text))
    async with cockpit(snapshot()).run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        await shown(pilot, TROUBLED)
        await shown(pilot, snapshot(run_state(troubles=(NAN,), step=1241)))
        assert rung == ["gpt-stdlib 7f3a: train/loss not finite"]
        await shown(pilot, snapshot(run_state(**FAILED)))
        assert rung[1:] == ["gpt-stdlib 7f3a failed after 12m41s"]


async def test_what_was_so_when_a_run_was_first_looked_at_does_not_ring(monkeypatch):
    rung = []
    monkeypatch.setattr("cockpit.tui.app.ring", lambda app, how, text: rung.append(text))
    async with cockpit(snapshot(run_state(**FAILED))).run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        assert rung == []
        assert pilot.app.snapshot.selected.state is State.FAILED
