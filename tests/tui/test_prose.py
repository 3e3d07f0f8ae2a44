"""Text laid into lines."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.tui.cells import line_width
from cockpit.tui.prose import chop, shorten, wrap

words = st.text(st.sampled_from("ab /漢字é̂"), max_size=60)


@given(words, st.integers(2, 30))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(text, width):
    lines = wrap(text, width, "text")
    assert all(line_width(line) <= width for line in lines)
    assert "".join(line[0][0] for line in lines).replace(" ", "") == text.replace(" ", "")


@given(words, st.integers(0, 40))
def test_shortened_text_fits_and_says_that_it_is_shortened(text, width):
    short = shorten(text, width)
    assert cell_len(short) <= width
    assert short == text or width == 0 or "…" in short


@given(words, st.integers(2, 30))
def test_a_chopped_command_loses_nothing(text, width):
    lines = chop(text, width, "code")
    assert "".join(line[0][0] for line in lines) == text
    assert all(line_width(line) <= width for line in lines)


def test_a_shortened_path_keeps_whole_names_at_both_ends():
    assert shorten("/home/somebody/projects/deeply/nested/lm/runs", 34) == "/home/somebody/…/nested/lm/runs"
    assert shorten("gpt-stdlib-with-a-long-name.yaml", 16) == "gpt-std…ame.yaml"
