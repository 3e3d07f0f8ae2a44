"""The audit on the screen, and the field that asks for a line of text."""

import pytest
from support.host import OPEN, SIZES, SMALL, WIDE, Host, opened
from support.hostile import HOSTILE
from support.questions import ENTRIES, entry

from cockpit.domain.decisions import decided
from cockpit.runs.audit import Audit
from cockpit.tui.screens.ask import AskScreen
from cockpit.tui.screens.audit import AuditScreen
from cockpit.tui.screens.choose import ChooseScreen
from cockpit.tui.screens.document import DocumentScreen
from cockpit.tui.screens.kinds import KINDS


def audit(entries=ENTRIES, problems=()):
    return AuditScreen(Audit(tuple(entries), tuple(problems)), decided(entries), "/home/ada/lm/runs/audit.jsonl")


async def test_the_newest_is_first_and_an_answer_stands_beside_its_outcome():
    async with opened(audit(), WIDE) as (host, _):
        lines = host.shown()
        assert any("verified: 7 entries" in line for line in lines)
        rows = [line for line in lines if "09-21" in line]
        assert [row.split()[4 if ">" in row else 3] for row in rows] == ["purge", "share", "share", "delete", "start"]
        assert "yes" in rows[0]
        assert "void" in rows[0]
        assert "ada@gpubox from 10.0.0.7" in rows[0]


async def test_a_broken_chain_is_said_first():
    async with opened(audit(problems=("line 3 was changed after it was written",))) as (host, _):
        assert "broken: line 3" in host.shown()[1]


async def test_enter_shows_the_facts_of_the_one_under_the_cursor():
    async with opened(audit(), SMALL, "down", "down", "enter") as (host, pilot):
        assert isinstance(host.screen, DocumentScreen)
        assert "refused (typed)" in host.screen.text
        assert "**size**: 3 MB" in host.screen.text
        await pilot.press("escape", "a")
        await pilot.pause()
        assert host.answer is None


async def test_a_long_audit_scrolls_with_the_cursor():
    many = [entry(n, "start", f"run{n}", answer="no") for n in range(5000)]
    async with opened(audit(many), SMALL, "end") as (host, pilot):
        assert any("> " in line and "run0 " in line for line in host.shown())
        await pilot.press("home")
        assert "verified" in host.shown()[1]


async def test_an_empty_audit_says_so():
    async with opened(audit(()), SMALL, "enter", "down") as (host, _):
        assert "nobody was asked yet" in host.shown()[1]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_text_in_the_audit_and_the_field(text):
    hostile = entry(1, text, text, answer=text, how=text, outcome=text, detail=text, title=text) | {"who": text}
    hostile["facts"] = [[text, text]]
    for screen in (audit([hostile], [text]), AskScreen(text, text, text, lambda _: text)):
        async with opened(screen, SMALL, "enter") as (host, _):
            seen = "".join(host.shown())
            assert not any(c < " " or "\x7f" <= c < "\xa0" or c in "\u202e\u200b\u2066\u2069\ud800" for c in seen)
            assert host.is_running


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_is_enough(size):
    for screen in (audit(), AskScreen("export", "Into which new folder?", "exports/x")):
        async with opened(screen, WIDE) as (host, pilot):
            await pilot.resize_terminal(*size)
            await pilot.press("down", "up")
            await pilot.pause()
            assert host.modal.box.region.width <= size[0]
            await pilot.press("escape")


async def test_a_line_is_typed_and_what_is_wrong_with_it_said():
    screen = AskScreen("upload", "Which?", "ab", lambda text: "" if "/" in text else "no slash")
    async with opened(screen, SMALL, "enter") as (host, pilot):
        assert any("no slash" in line for line in host.shown())
        assert host.answer is OPEN
        await pilot.press("backspace", "slash", "q", "enter")
        await pilot.pause()
        assert host.answer == "a/q"
        assert host.leaked == []


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["140x40", "80x24"])
@pytest.mark.parametrize(
    ("make", "press"),
    [
        (audit, ["down"]),
        (lambda: AskScreen("upload", "To which repository, as org/name?", "ada/small-gpt"), []),
        (lambda: ChooseScreen("The run would see HF_TOKEN: what is it?", KINDS, "Fingerprint 1a2b.", cancel_first=True),
         ["down"]),
    ],
    ids=["audit", "ask", "kind"],
)  # fmt: skip
def test_picture(snap_compare, monkeypatch, make, press, size):
    """Each as a person sees it."""
    monkeypatch.setenv("TZ", "UTC")
    assert snap_compare(Host(make()), press=press, terminal_size=size)
