"""What an exception says."""

import traceback

import pytest

from cockpit.domain.causes import error_line, todo_about

AROUND = "Does not validate against any of the Union subtypes\nErrors:\n  - no such folder\n  - Expected None\nGiven: 1"


def raised(*errors):
    """The traceback of the last of these exceptions, each caused by the one before it."""
    caught = None
    for error in errors:
        try:
            raise error from caught  # noqa: TRY301
        except Exception as now:
            caught = now
    return "".join(traceback.format_exception(caught))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (raised(KeyError(1)), "KeyError: 1"),
        (raised(KeyError(1), ValueError("later")), "ValueError: later"),
        (raised(RuntimeError("CUDA error: out of memory\nCompile with it")), "RuntimeError: CUDA error: out of memory"),
        (raised(FileNotFoundError("no such folder"), ValueError(AROUND)), "FileNotFoundError: no such folder"),
        (raised(ValueError(AROUND)), "ValueError: Does not validate against any of the Union subtypes"),
        ("RuntimeError: size mismatch\n\tfor one\n\tfor two", "RuntimeError: size mismatch"),
        ("    raise it\nValueError: cut off above", "ValueError: cut off above"),
        ("  | ExceptionGroup: two\n  | KeyError: 1", "| KeyError: 1"),
        ("Traceback (most recent call last):", ""),
        ("", ""),
    ],
)
def test_the_line_that_names_it(text, line):
    assert error_line(text) == line


def test_what_to_do():
    assert "detached" in todo_about("EOFError: EOF when reading a line")
    assert "PYTHONPATH" in todo_about("ModuleNotFoundError: No module named 'numpy'")
    assert todo_about("ValueError: 1") == ""
