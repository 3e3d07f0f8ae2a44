"""The audit in print, also of one that somebody has written into."""

import json

import pytest
from support.project import Place

WHOLE = {"hash": "", "time": 5.0, "action": "stop", "subject": "7f3a", "answer": "yes", "who": {"user": "ada"}}


@pytest.mark.parametrize(
    "spoilt", [{}, {"time": "x"}, {"time": 1e300}, {"action": None}, {"subject": {}}, {"who": 3}, {"answer": ["a"]}]
)
def test_a_line_that_was_tampered_with_is_printed_as_far_as_it_goes(tmp_path, spoilt):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "audit.jsonl").write_text(json.dumps(WHOLE | spoilt if spoilt else {"hash": ""}) + "\n")
    done = Place(tmp_path).cockpit("audit", check=False)
    assert done.returncode == 1
    assert "line 1 was changed after it was written" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stdout.splitlines()) == 1
