"""The rules on recorded runs: a healthy one raises no alarm at any moment, the others the right one."""

import pytest
from support.recorded import Replay

from cockpit.domain.criteria import BAD
from cockpit.domain.trouble.rules import troubles

LOOKS = 60  # moments of a run


def moments(replay):
    return [replay.begin + (replay.end - replay.begin) * (i + 1) / LOOKS for i in range(LOOKS)]


@pytest.mark.parametrize("name", ["digits", "gpt-stdlib", "tabular"])
def test_a_healthy_run_raises_no_alarm_at_any_moment(name, tmp_path, monkeypatch):
    replay = Replay(name, tmp_path)
    looks = [replay.at(now, monkeypatch) for now in moments(replay)]
    assert [(look.step, trouble.text) for look in looks for trouble in troubles(look)] == []
    assert [(look.step, c.evidence) for look in looks for c in look.criteria if c.status == BAD] == []
    assert looks[-1].criteria[-1].status == "ok"
    assert looks[-1].step == looks[-1].steps_total


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("starve", "starvation", "% of the time is spent waiting for data; the loader has 0 workers"),
        ("leak", "leak", "host memory rises by"),
        ("nan", "nonfinite", "is not finite since step 23"),
    ],
)
def test_a_run_in_trouble_raises_the_alarm_that_is_its_own(name, kind, words, tmp_path, monkeypatch):
    replay = Replay(name, tmp_path)
    found = [trouble for now in moments(replay) for trouble in troubles(replay.at(now, monkeypatch))]
    assert {trouble.kind for trouble in found} == {kind}
    assert words in found[-1].text
