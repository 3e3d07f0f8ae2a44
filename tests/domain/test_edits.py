"""An edited config, line by line."""

from cockpit.domain.edits import edited_lines


def test_only_what_differs_is_told():
    assert edited_lines("a: 1\nlr: 3\nb: 2\n", "a: 1\nlr: 4\nb: 2\n") == (
        "--- this run", "+++ today", "-lr: 3", "+lr: 4",
    )  # fmt: skip
    assert edited_lines("a: 1\n", "a: 1\n") == ()


def test_secrets_are_left_out_and_a_rewrite_is_cut_short():
    assert "abcdefghij" not in "".join(edited_lines("", "key: sk-ant-abcdefghij0123456789\n"))
    assert len(edited_lines("", "x\n" * 1000)) == 40
