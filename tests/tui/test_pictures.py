"""Each screen as a person sees it."""

import pytest
from support.host import SMALL, WIDE, Host
from support.layers import WEIGHED
from support.questions import ERROR, MARKDOWN, MODIFY, NOTES, PRESENT, QUESTION, RUNGS, TYPED

from cockpit.tui.screens.choose import ChooseScreen
from cockpit.tui.screens.confirm import ConfirmScreen
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.edit import EditScreen
from cockpit.tui.screens.help import HelpScreen
from cockpit.tui.screens.message import MessageScreen
from cockpit.tui.screens.note import NoteScreen
from cockpit.tui.screens.weights import WeightsScreen


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["140x40", "80x24"])
@pytest.mark.parametrize(
    ("make", "press"),
    [
        (lambda: ConfirmScreen(QUESTION), []),
        (lambda: ConfirmScreen(TYPED), [*"7f3a"]),
        (lambda: ChooseScreen("Stop gpt-stdlib 7f3a?", RUNGS, cancel_first=True), ["down"]),
        (lambda: DocumentScreen("handoff", MARKDOWN, "written to /runs/7f3a/handoff.md", MARKDOWN), []),
        (lambda: EditScreen("Change gpt-stdlib 7f3a", PRESENT, 1240, 3), [*"x0.5", "down", "down", *"30"]),
        (lambda: EditScreen("Change gpt-stdlib 7f3a", PRESENT, 1240, 3), ["down", *"900", "enter"]),
        (lambda: ConfirmScreen(MODIFY), []),
        (lambda: NoteScreen("Note on gpt-stdlib 7f3a, step 1,240", NOTES), [*"looks better"]),
        (lambda: WeightsScreen("weights of gpt-stdlib 7f3a", WEIGHED), []),
        (HelpScreen, []),
        (lambda: MessageScreen(ERROR), []),
    ],
    ids=["confirm", "typed", "ladder", "document", "edit", "edit-wrong", "modify", "note", "weights", "help",
         "message"],
)  # fmt: skip
def test_picture(snap_compare, make, press, size):
    """Each screen as a person sees it."""
    assert snap_compare(Host(make()), press=press, terminal_size=size)
