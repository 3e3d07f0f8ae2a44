"""Ctrl+C: it ends nothing, answers no, and tells how one leaves."""

from contextlib import asynccontextmanager

import pytest
from support.app import cockpit, screen_text, settled
from support.fakes import EMPTY, ID, snapshot
from support.questions import QUESTION, TYPED
from textual.command import CommandPalette

from cockpit.domain.guard import Answer
from cockpit.errors import CockpitError
from cockpit.tui.messages import Leave
from cockpit.tui.screens.ask import AskScreen
from cockpit.tui.screens.choose import Choice, ChooseScreen
from cockpit.tui.screens.confirm import ConfirmScreen
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.help import HelpScreen
from cockpit.tui.screens.measure import MeasureScreen
from cockpit.tui.screens.message import MessageScreen
from cockpit.tui.screens.note import NoteScreen

WIDE, SMALL, TINY = (140, 40), (80, 24), (30, 8)
LEAVE = "q leaves, training goes on"
BOXES = [
    AskScreen("Arguments", "its arguments:", "--epochs 3", optional=True),
    ChooseScreen("Stop", (Choice("kill", "Kill", "at once"),)),
    DocumentScreen("remedy", "text"),
    HelpScreen(),
    MessageScreen(CockpitError("no", "No", "nothing")),
    NoteScreen("note"),
]


@asynccontextmanager
async def asked(question):
    """The cockpit with a question over it; gives what was answered too."""
    answers = []
    app = cockpit(snapshot())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        app.push_screen(ConfirmScreen(question), answers.append)
        await pilot.pause()
        yield app, pilot, answers


@pytest.mark.parametrize("look", [EMPTY, snapshot()], ids=["empty", "running"])
@pytest.mark.parametrize("size", [WIDE, SMALL, TINY])
async def test_over_the_dashboard_it_tells_how_one_leaves(size, look):
    app = cockpit(look)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+c", "ctrl+c")
        await pilot.pause()
        assert f"ctrl+c ends nothing; {LEAVE}" in " ".join(screen_text(app).split())
        assert app.is_running
        assert app.screen is app.dashboard


@pytest.mark.parametrize("keys", [[], ["right"], ["tab"], ["down"]], ids=" ".join)
@pytest.mark.parametrize("question", [QUESTION, TYPED], ids=["light", "typed"])
async def test_in_a_question_it_is_no(question, keys):
    async with asked(question) as (app, pilot, answers):
        await pilot.press(*keys, "ctrl+c")
        await pilot.pause()
        assert answers == [Answer.no()]
        assert LEAVE in screen_text(app)


async def test_a_name_typed_whole_is_not_taken_by_it():
    async with asked(TYPED) as (_, pilot, answers):
        await pilot.press(*TYPED.subject, "ctrl+c")
        await pilot.pause()
        assert answers == [Answer.no()]


async def test_no_key_typed_after_it_is_answered_before_it():
    async with asked(QUESTION) as (app, pilot, answers):
        for key in ("right", "ctrl+c", "enter"):
            app.simulate_key(key)
        while not answers:
            await pilot.pause()
        assert answers == [Answer.no()]


@pytest.mark.parametrize("box", BOXES, ids=lambda box: type(box).__name__)
async def test_every_box_is_left_by_it_without_an_answer(box):
    answers = []
    app = cockpit(snapshot())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        app.push_screen(box, answers.append)
        await pilot.pause()
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.screen is app.dashboard
        assert answers == [None]
        assert f"ctrl+c is esc here; {LEAVE}" in screen_text(app)


async def test_it_calls_off_a_dry_run_as_esc_does():
    app = cockpit(snapshot())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen = MeasureScreen("gpt")
        app.push_screen(screen)
        await pilot.pause()
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert screen.called_off


async def test_what_a_question_tells_of_its_end_does_not_hide_how_one_leaves():
    app = cockpit(snapshot())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        app.push_screen(ConfirmScreen(QUESTION), lambda _: app.tell("nothing was changed", "dim"))
        await pilot.pause()
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert f"nothing was changed; {LEAVE}" in screen_text(app)
        app.hush()
        app.tell("checkpoint saved", "good")
        await pilot.pause()
        assert LEAVE not in screen_text(app)


@pytest.mark.parametrize("over", [[], ["x"]], ids=["dashboard", "question"])
async def test_the_key_that_textual_leaves_by_leaves_as_q_does(over):
    app = cockpit(snapshot())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press(*over, "ctrl+q")
    assert app.return_value == Leave(ID)


async def test_in_the_palette_it_copies_what_is_selected_and_else_leaves_it():
    app = cockpit(snapshot())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"pause", "shift+home", "ctrl+c")
        await pilot.pause()
        assert app.clipboard == "pause"
        assert isinstance(app.screen, CommandPalette)
        await pilot.press("end", "ctrl+c")
        await pilot.pause()
        assert app.screen is app.dashboard


async def test_a_double_click_on_a_panel_puts_no_name_of_a_widget_into_the_clipboard():
    app = cockpit(snapshot())
    async with app.run_test(size=WIDE) as pilot:
        await settled(pilot)
        await pilot.click(app.dashboard.loss, offset=(5, 3), times=2)
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.clipboard == ""
        assert LEAVE in screen_text(app)
