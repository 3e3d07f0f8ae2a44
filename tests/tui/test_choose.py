"""The choice: the ladder and the list of configs."""

import pytest
from support.host import OPEN, SMALL, TINY, opened
from support.questions import RUNGS

from cockpit.tui.screens.choose import Choice, ChooseScreen


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["enter"], None),
        (["escape"], None),
        (["q"], None),
        (["1"], "stop"),
        (["2"], "terminate"),
        (["down", "enter"], "stop"),
        (["j", "j", "k", "enter"], "stop"),
        (["tab", "tab", "shift+tab", "enter"], "stop"),
        (["end", "up", "enter"], "terminate"),
        (["3"], OPEN),
        (["3", "enter"], OPEN),
        (["end", "enter"], OPEN),
        (["0", "4", "9", "x", "y"], OPEN),
    ],
)
async def test_keys_on_the_ladder(keys, value):
    async with opened(ChooseScreen("Stop?", RUNGS, cancel_first=True), SMALL, *keys) as (host, _):
        assert host.answer is value or host.answer == value
        assert host.leaked == []


async def test_every_rung_shows_what_it_costs_or_why_not():
    async with opened(ChooseScreen("Stop?", RUNGS, cancel_first=True)) as (host, _):
        text = "\n".join(host.shown())
        assert "> " in next(line for line in host.shown() if "Cancel" in line)
        assert all(rung.detail in text for rung in RUNGS[:2])
        assert "not now: the run is launching" in text


@pytest.mark.parametrize(("words", "value"), [("terminate", "terminate"), ("at most one", "stop"), ("kill", OPEN)])
async def test_a_click_chooses(words, value):
    async with opened(ChooseScreen("Stop?", RUNGS, cancel_first=True)) as (host, pilot):
        await pilot.click(offset=host.place(words))
        await pilot.pause()
        assert host.answer == value


async def test_without_a_cancel_entry_the_first_choice_is_one():
    async with opened(ChooseScreen("Start which config?", RUNGS, "Smallest first."), SMALL, "1") as (host, _):
        assert host.answer == "stop"


async def test_a_long_list_keeps_the_cursor_in_sight():
    many = tuple(Choice(str(n), f"config-{n:03}", f"{n} steps") for n in range(200))
    async with opened(ChooseScreen("Start which config?", many), TINY, "end") as (host, pilot):
        assert any("> " in line and "config-199" in line for line in host.shown())
        await pilot.press("pageup", "up")
        assert any("> " in line for line in host.shown())
        await pilot.press("home", *["down"] * 5)
        assert any("> " in line and "config-005" in line for line in host.shown())
        await pilot.press("enter")
        assert host.answer == "5"


async def test_an_empty_list_can_be_left():
    async with opened(ChooseScreen("Start which config?", ()), SMALL, "down", "enter", "1", "escape") as (host, _):
        assert host.answer is None
