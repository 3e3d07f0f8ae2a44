"""What holds for every screen: text from outside, sizes, plain terminals."""

from dataclasses import replace

import pytest
from rich.cells import cell_len
from support.host import OPEN, SIZES, WIDE, opened
from support.hostile import HOSTILE
from support.layers import WEIGHED
from support.questions import ERROR, MARKDOWN, QUESTION, RUNGS, TYPED

from cockpit.domain.guard import Answer, Consent, Fact, Question
from cockpit.domain.policy import Action
from cockpit.domain.text import safe
from cockpit.errors import RunNotFound
from cockpit.tui.cells import CellPanel
from cockpit.tui.screens.choose import Choice, ChooseScreen
from cockpit.tui.screens.confirm import ConfirmScreen
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.help import HelpScreen
from cockpit.tui.screens.message import MessageScreen
from cockpit.tui.screens.note import NoteScreen
from cockpit.tui.screens.weights import WeightsScreen


def hostile_screens(text):
    facts = tuple(Fact(text, text, level) for level in ("", "warn", "bad"))
    question = Question(Action.START, text, text, text, facts, text, text, text, command=text)
    choices = (Choice(text, text, text), Choice(text, text, text, text))
    return (
        ConfirmScreen(question),
        ConfirmScreen(replace(question, consent=Consent.TYPED)),
        ChooseScreen(text, choices, text, cancel_first=True),
        DocumentScreen(text, f"{text}\n# {text}\n- **{text}**: {text}\n```\n{text}\n```", text, text),
        MessageScreen(RunNotFound(text, text, text)),
        NoteScreen(text, (safe(text),)),
        WeightsScreen(text, replace(WEIGHED, layers=(replace(WEIGHED.layers[0], name=text),), note=text)),
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_text_is_shown_and_obeyed_nowhere(text):
    for screen in hostile_screens(text):
        async with opened(screen) as (host, pilot):
            seen = "".join(host.shown())
            await pilot.press("end", "down", "up", "tab")
            seen += "".join(host.shown())
            assert not any(c < " " or "\x7f" <= c < "\xa0" or c in "\u202e\u200b\u2066\u2069\ud800" for c in seen)
            assert all(cell_len(line) == host.modal.box.size.width for line in host.shown())
            assert host.is_running
            assert host.answer is OPEN


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_fits_every_size(size):
    for screen in (*hostile_screens("some text, "), HelpScreen(), ConfirmScreen(QUESTION), ConfirmScreen(TYPED)):
        async with opened(screen, WIDE) as (host, pilot):
            await pilot.resize_terminal(*size)
            await pilot.press("down", "end")
            await pilot.pause()
            assert host.modal.box.region.width <= size[0]
            assert host.modal.box.region.height <= size[1]
            await pilot.press("escape")
            await pilot.pause()
            assert host.answer in (None, Answer.no())


async def test_plain_terminals_get_plain_characters(monkeypatch):
    monkeypatch.setattr(CellPanel, "ascii", True)
    for screen in (
        ConfirmScreen(replace(QUESTION, facts=QUESTION.facts[:8])),
        ConfirmScreen(TYPED),
        ChooseScreen("Stop?", RUNGS, cancel_first=True),
        DocumentScreen("handoff", MARKDOWN * 3),
        HelpScreen(),
        WeightsScreen("weights", WEIGHED),
        MessageScreen(ERROR),
    ):
        async with opened(screen, WIDE) as (host, _):
            assert "".join(host.shown()).isascii()
