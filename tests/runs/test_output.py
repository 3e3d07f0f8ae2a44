"""The end of a trainer's log."""

from cockpit.domain.causes import error_line
from cockpit.runs.output import last_traceback


def test_the_last_traceback_ends_with_its_error(tmp_path):
    log = tmp_path / "output.log"
    log.write_text(
        "Traceback (most recent call last):\n  old\nKeyError: 1\nstep 1\n"
        "Traceback (most recent call last):\n  File 'x', line 1\n    raise it\n\nValueError: the data are cursed\n"
        "[rank0] bye\n"
    )
    found = last_traceback(log)
    assert found.splitlines()[0].startswith("Traceback")
    assert found.splitlines()[-1] == "ValueError: the data are cursed"
    assert "old" not in found


def test_what_it_names_as_its_cause_comes_with_it(tmp_path):
    header, log = "Traceback (most recent call last):\n  File 'x', line 1\n", tmp_path / "output.log"
    chain = "\n\nDuring handling of the above exception, another exception occurred:\n\n"
    log.write_text(f"{header}KeyError: 0\nstep 1\n{header}KeyError: 1{chain}{header}ValueError: 2\nbye\n")
    found = last_traceback(log)
    assert [line for line in found.splitlines() if "Error" in line] == ["KeyError: 1", "ValueError: 2"]
    assert error_line(found) == "ValueError: 2"


def test_only_the_end_of_a_long_log_is_read(tmp_path):
    log = tmp_path / "output.log"
    log.write_bytes(b"Traceback (most recent call last):\n  early\nError: early\n" + b"x" * 200_000)
    assert last_traceback(log) == ""
    assert last_traceback(tmp_path / "none") == ""
