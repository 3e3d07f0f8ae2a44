"""Lines of an audit become questions: an answer and its outcome together, newest first, whatever stands in the file."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.domain.decisions import decided, verdict

PERSON = {"user": "ada", "host": "gpubox", "ssh": "10.0.0.7 port 4022"}
YES = {"id": "1", "time": 5.0, "who": PERSON, "via": "tui", "action": "delete", "subject": "7f3a", "title": "Delete?",
       "answer": "yes", "how": "key", "facts": [["size", "3 MB"]], "sequence": 1}  # fmt: skip
DONE = YES | {"answer": "", "outcome": "done", "sequence": 2}
NO = YES | {"id": "2", "answer": "no", "sequence": 3}


def test_an_outcome_joins_its_answer_and_the_newest_comes_first():
    newest, oldest = decided([YES, DONE, NO])
    assert (newest.answer, newest.outcome) == ("no", "")
    assert (oldest.answer, oldest.outcome, oldest.who) == ("yes", "done", "ada@gpubox from 10.0.0.7 port 4022")
    assert oldest.facts == (("size", "3 MB"),)


def test_a_void_permit_without_an_answer_is_a_line_of_its_own():
    (only,) = decided([YES | {"answer": "", "outcome": "void", "detail": "used already"}])
    assert (only.answer, only.outcome, only.detail) == ("", "void", "used already")


values = st.recursive(st.none() | st.integers() | st.text() | st.floats(), lambda inner: st.lists(inner, max_size=3))


@example([{"time": 1e300}, {"time": float("nan")}, {"time": -1e12}, {"time": "x"}])
@given(st.lists(st.dictionaries(st.sampled_from(sorted(YES)), values), max_size=4))
def test_anything_in_the_file_is_shown_as_far_as_it_goes(entries):
    questions = decided(entries)
    assert len(questions) <= len(entries)
    assert all(datetime.fromtimestamp(one.time, UTC).year < 10_000 for one in questions)


def test_the_verdict():
    assert verdict(0, ()) == "nobody was asked yet"
    assert verdict(1, ()) == "verified: 1 entry"
    assert verdict(1234, ()) == "verified: 1,234 entries"
    assert verdict(3, ("line 2 was changed", "x")) == "broken: line 2 was changed, and 1 more"
