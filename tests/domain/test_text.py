"""Text: nothing hostile reaches a terminal, and words survive bash."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.domain import text


@given(st.text(max_size=300))
def test_safe_text_holds_no_control_or_bidi_character(raw):
    shown = text.safe(raw)
    assert all(c.isprintable() or c == " " for c in shown.replace("\u00a0", " ").replace("\u3000", " ")) or not any(
        ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u200b\u2028" for c in shown
    )
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u200b\u2028" for c in shown)


def test_safe_shows_what_was_there():
    assert text.safe("a\x1b]52;c;x\x07") == "a\\x1b]52;c;x\\x07"
    assert text.safe("x" * 300, 10) == "x" * 9 + "…"


@settings(max_examples=60)
@given(st.binary(max_size=40).filter(lambda b: b"\0" not in b))
def test_bash_gives_back_the_very_bytes(raw):
    word = text.shell_word(raw.decode("utf-8", "surrogateescape"))
    got = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True).stdout
    assert got == raw


@given(st.lists(st.binary(max_size=20).filter(lambda b: b"\0" not in b), max_size=5))
def test_a_line_splits_into_the_words_it_was_made_of(raw):
    words = [word.decode("utf-8", "surrogateescape") for word in raw]
    assert text.shell_split(text.shell_line(words)) == words


@pytest.mark.parametrize("line", ["a 'b", 'x "', "$'"])
def test_an_open_quote_is_an_error(line):
    with pytest.raises(ValueError, match="not closed"):
        text.shell_split(line)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0s"), (48, "48s"), (761, "12m41s"), (11220, "3h07m"), (187200, "2d04h"), (None, "–")]
)
def test_durations(seconds, shown):
    assert text.duration(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.4823, "1.482"),
        (2.31e-4, "2.31e-04"),
        (float("nan"), "NaN"),
        (float("-inf"), "-inf"),
        (None, "–"),
        (0.0, "0.000"),
    ],
)
def test_metrics(value, shown):
    assert text.number(value) == shown


@pytest.mark.parametrize(
    ("number", "noun", "shown"),
    [
        (0, "step", "0 steps"),
        (1, "step", "1 step"),
        (1.0, "more validation", "1 more validation"),
        (1240, "step", "1,240 steps"),
        (None, "step", "– steps"),
    ],
)
def test_one_of_a_thing_is_no_plural(number, noun, shown):
    assert text.counted(number, noun) == shown


def test_two_amounts_share_a_unit():
    assert text.pair(44.24e9, 85.52e9) == "41.2/79.6 GiB"
    assert text.size(1023) == "1023 B"


def test_a_short_age_takes_ten_cells_and_rests_beyond_a_minute():
    assert text.short_age(12.4) == "12s ago"
    assert text.short_age(2020) == text.short_age(2021) == "34m ago"
    assert all(len(text.short_age(seconds)) <= 10 for seconds in range(0, 10_000_000, 997))
