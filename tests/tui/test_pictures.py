"""Each screen as a person sees it."""

import pytest
from support.host import SMALL, WIDE, Host
from support.questions import ERROR, MARKDOWN, QUESTION, RUNGS, TYPED

from cockpit.tui.screens.choose import ChooseScreen
from cockpit.tui.screens.confirm import ConfirmScreen
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.help import HelpScreen
from cockpit.tui.screens.message import MessageScreen


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["140x40", "80x24"])
@pytest.mark.parametrize(
    ("make", "press"),
    [
        (lambda: ConfirmScreen(QUESTION), []),
        (lambda: ConfirmScreen(TYPED), [*"7f3a", "tab"]),
        (lambda: ChooseScreen("Stop gpt-stdlib 7f3a?", RUNGS, cancel_first=True), ["down"]),
        (lambda: DocumentScreen("handoff", MARKDOWN, "written to /runs/7f3a/handoff.md", MARKDOWN), []),
        (HelpScreen, []),
        (lambda: MessageScreen(ERROR), []),
    ],
    ids=["confirm", "typed", "ladder", "document", "help", "message"],
)
def test_picture(snap_compare, make, press, size):
    """Each screen as a person sees it."""
    assert snap_compare(Host(make()), press=press, terminal_size=size)
