"""Documents, help and errors: they scroll, copy and close."""

import pytest
from support.host import SMALL, TINY, WIDE, opened
from support.questions import ERROR, MARKDOWN
from textual.events import MouseScrollDown

from cockpit.domain.state import State
from cockpit.tui.keys import KEYS
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.help import HelpScreen
from cockpit.tui.screens.message import MessageScreen


@pytest.mark.parametrize("key", ["escape", "q", "enter"])
@pytest.mark.parametrize(
    "make", [lambda: DocumentScreen("handoff", MARKDOWN), HelpScreen, lambda: MessageScreen(ERROR)]
)
async def test_documents_close(make, key):
    async with opened(make(), SMALL, key) as (host, _):
        assert host.answer is None
        assert host.leaked == []


async def test_y_copies_and_says_so():
    async with opened(DocumentScreen("handoff", MARKDOWN, copy=MARKDOWN), SMALL) as (host, pilot):
        assert "copied" not in "".join(host.shown())
        await pilot.press("y")
        assert host.clipboard == MARKDOWN
        assert "copied" in "".join(host.shown())
        await pilot.press("down")
        assert "copied" not in "".join(host.shown())


async def test_nothing_to_copy_copies_nothing():
    async with opened(DocumentScreen("check", "all is well"), SMALL, "y") as (host, _):
        assert host.clipboard == ""
        assert "copy" not in "".join(host.shown())


async def test_a_document_shows_its_path_and_fields():
    screen = DocumentScreen("handoff", MARKDOWN, "written to /runs/7f3a/handoff.md")
    async with opened(screen) as (host, _):
        lines = [line[2:-2].rstrip() for line in host.shown()]
        assert "written to /runs/7f3a/handoff.md" in lines
        assert "ML SESSION HANDOFF" in lines
        assert "Experiment ID     2026-11-22T1830-gpt-stdlib-7f3a" in lines
        assert "cd '/home/some body/lm'" in lines


async def test_indentation_and_code_stay_as_they_were_written():
    text = "Traceback:\n    raise ValueError('a  b')\n```bash\n# not a heading\n```\n"
    async with opened(DocumentScreen("failed", text)) as (host, _):
        lines = [line[2:-2].rstrip() for line in host.shown()]
        assert "    raise ValueError('a  b')" in lines
        assert "# not a heading" in lines


async def test_scrolling_reaches_both_ends_and_stops_there():
    text = "\n".join(f"line {n}." for n in range(100))
    async with opened(DocumentScreen("log", text), TINY) as (host, pilot):
        for keys, first in (
            (["up"], "line 0."),
            (["down", "j"], "line 2."),
            (["k", "pageup"], "line 0."),
            (["pagedown"], "line 5."),
            (["end", "down"], "line 94."),
            (["home"], "line 0."),
        ):
            await pilot.press(*keys)
            assert first in host.shown()[1]
        await pilot._post_mouse_events([MouseScrollDown], widget=host.modal.box)
        assert "line 3." in host.shown()[1]


@pytest.mark.parametrize("size", [WIDE, (80, 100)])
async def test_help_has_every_key_and_state(size):
    async with opened(HelpScreen(), size) as (host, _):
        text = " ".join("\n".join(host.shown()).replace("│", " ").split())
        pages = [key for key in KEYS if key.action.startswith("page(")]
        assert all(key.help.split(";")[0] in text for key in KEYS if key not in pages)
        assert f"1-5 pages: {', '.join(key.label for key in pages)}" in text
        assert all(state.value in text for state in State)


async def test_help_has_two_columns_where_there_is_room():
    async with opened(HelpScreen(), WIDE) as (host, _):
        assert any("Keys" in line and "States" in line for line in host.shown())
    async with opened(HelpScreen(), SMALL) as (host, _):
        assert not any("Keys" in line and "States" in line for line in host.shown())


async def test_an_error_says_what_and_what_to_do():
    async with opened(MessageScreen(ERROR)) as (host, _):
        text = "\n".join(host.shown())
        assert "No such run" in text
        assert "✗ There is no run 7f3b" in text
        assert "There is: 7f3a, 61bc" in text
