"""The question: keys, clicks, order, sizes."""

from dataclasses import replace

import pytest
from support.host import OPEN, SMALL, TINY, WIDE, opened
from support.questions import QUESTION, TYPED

from cockpit.domain.guard import Answer, Guard, Refused
from cockpit.tui.screens.confirm import ConfirmScreen


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["enter"], Answer.no()),
        (["escape"], Answer.no()),
        (["n"], Answer.no()),
        (["left", "left", "enter"], Answer.no()),
        (["y"], Answer.yes()),
        (["right", "enter"], Answer.yes()),
        (["tab", "enter"], Answer.yes()),
        (["shift+tab", "enter"], Answer.yes()),
        (["x", "space", "down", "q", "f1"], OPEN),
    ],
)
async def test_keys_answer_a_light_question(keys, answer):
    async with opened(ConfirmScreen(QUESTION), SMALL, *keys) as (host, _):
        assert host.answer == answer
        assert host.leaked == []


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["enter"], Answer.no()),
        (["escape"], Answer.no()),
        ([*"7f3a", "enter"], Answer.typed("7f3a")),
        ([*"7f3", "tab", "enter"], Answer.no()),
        ([*"7f3a", "left", "enter"], Answer.no()),
        ([*"7f3a", "backspace", "enter"], Answer.no()),
        ([*"7f3a9", "enter"], Answer.no()),
        ([*"7f3b", "backspace", "a", "enter"], Answer.typed("7f3a")),
        ([*"yn"], OPEN),
    ],
)
async def test_a_typed_consent_repeats_the_name(keys, answer):
    async with opened(ConfirmScreen(TYPED), SMALL, *keys) as (host, _):
        assert host.answer == answer


async def test_a_refusal_gives_no_permit():
    async with opened(ConfirmScreen(QUESTION), SMALL, "enter") as (host, _):
        with pytest.raises(Refused):
            Guard(lambda: 0.0, print).permit(QUESTION, host.answer)


async def test_a_name_with_control_characters_is_typed_as_it_is_shown():
    question = replace(TYPED, subject="a\x1bb")
    async with opened(ConfirmScreen(question), SMALL, *r"a\x1bb", "enter") as (host, _):
        assert Guard(lambda: 0.0, print).permit(question, host.answer).action is question.action


@pytest.mark.parametrize("size", [WIDE, SMALL, TINY])
@pytest.mark.parametrize(("words", "answer"), [("Cancel", Answer.no()), ("Start", Answer.yes())])
async def test_a_click_on_an_answer_gives_it(size, words, answer):
    async with opened(ConfirmScreen(replace(QUESTION, title="Sure?")), size) as (host, pilot):
        await pilot.click(offset=host.place(words))
        await pilot.pause()
        assert host.answer == answer


async def test_a_click_elsewhere_answers_nothing():
    async with opened(ConfirmScreen(QUESTION), WIDE) as (host, pilot):
        for offset in ((0, 0), host.place("seed"), host.place("choose, enter takes")):
            await pilot.click(offset=offset)
        await pilot.pause()
        assert host.answer is OPEN


async def test_a_click_cannot_stand_in_for_the_typed_name():
    async with opened(ConfirmScreen(TYPED)) as (host, pilot):
        await pilot.click(offset=host.place("Delete  "))
        await pilot.pause()
        assert host.answer is OPEN
        await pilot.press(*"7f3a")
        await pilot.click(offset=host.place("Delete  "))
        await pilot.pause()
        assert host.answer == Answer.typed("7f3a")


async def test_ten_facts_are_seen_at_once_on_eighty_columns():
    async with opened(ConfirmScreen(QUESTION)) as (host, _):
        lines = host.shown()
        everything = "".join(line[2:-2] for line in lines).replace(" ", "")
        assert all(any(line[2:].startswith(fact.label) for line in lines) for fact in QUESTION.facts)
        assert all(fact.value.replace(" ", "") in everything for fact in QUESTION.facts if fact.level)
        assert QUESTION.command.replace(" ", "") in everything
        assert QUESTION.cannot_undo.replace(" ", "") in everything
        assert any("/home/somebody/" in line and "…" in line and "/language-model/runs" in line for line in lines)


async def test_the_order_of_a_question():
    async with opened(ConfirmScreen(QUESTION), WIDE) as (host, _):
        text = "\n".join(host.shown())
        parts = ["Start gpt-stdlib?", "A training run", "config", "/bin/python", "Time and energy", "> Cancel"]
        assert [text.find(part) for part in parts] == sorted(text.find(part) for part in parts)
        assert all(part in text for part in parts)
        assert "! GPU 0" in text
        assert "✗ 41.2 GiB" in text


async def test_a_small_terminal_scrolls_the_facts_and_keeps_the_answers():
    async with opened(ConfirmScreen(QUESTION), TINY) as (host, pilot):
        assert "> Cancel" in "".join(host.shown())
        assert "checkpoint." not in "".join(host.shown())
        await pilot.press("end")
        assert "checkpoint." in "".join(host.shown())
        assert "> Cancel" in "".join(host.shown())
        await pilot.press("home", "down")
        assert "machine. It goes on" in host.shown()[1]


async def test_answers_that_do_not_fit_side_by_side_stand_below_each_other():
    question = replace(QUESTION, yes="Stop at the next step", no="Let it train")
    async with opened(ConfirmScreen(question), (36, 12)) as (host, pilot):
        assert host.place("Let it train")[1] + 1 == host.place("Stop at the next")[1]
        await pilot.click(offset=host.place("Stop at the next"))
        await pilot.pause()
        assert host.answer == Answer.yes()
