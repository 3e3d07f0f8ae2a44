"""The end of a log of any length."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.runs import tail


@given(st.lists(st.binary(max_size=9).filter(lambda b: b"\n" not in b), max_size=30), st.booleans(), st.integers(1, 40))
def test_the_last_lines_are_those_of_the_whole_file(lines, ended, count):
    content = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tail, "_BLOCK", 7)
        start = tail.start_of_last_lines(io.BytesIO(content), count)
    assert content[start:] == b"".join(content.splitlines(keepends=True)[-count:]) or b"\r" in content


class Counted(io.BytesIO):
    read_bytes = 0

    def read(self, size=-1):
        self.read_bytes += size
        return super().read(size)


def test_a_long_log_is_not_read_through():
    file = Counted(b"line\n" * 1_000_000)
    assert tail.start_of_last_lines(file, 10) == 4_999_950
    assert file.read_bytes <= 65536
