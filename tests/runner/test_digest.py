"""A run that is only followed, judged by its reader from what its runner keeps of the curves."""

import json
import math

import pytest
from support.followed import Followed
from support.foreign_logs import recorded
from support.recorded import FOLDER

from cockpit.domain.state import State
from cockpit.runner import digest as module
from cockpit.runs.notes import append_note
from cockpit.runs.reader import RunReader

LOOKS = 8


def by_key(state):
    return {criterion.key: criterion for criterion in state.criteria}


@pytest.mark.parametrize("name", ["digits", "gpt-stdlib", "tabular"])
def test_a_healthy_run_raises_no_alarm_at_any_moment(name, tmp_path, monkeypatch):
    points = recorded(FOLDER / f"{name}.tar.xz")
    begin, end = min(point[1] for point in points), max(point[1] for point in points)
    run = Followed(tmp_path, monkeypatch, begin)
    told = begin - 1
    for look in range(1, LOOKS + 1):
        now = begin + (end - begin) * look / LOOKS
        run.add([point for point in points if told < point[1] <= now])
        told, state = now, run.at(now)
        assert state.state is State.RUNNING
        assert [trouble.text for trouble in state.troubles] == []
        assert [(c.key, c.evidence) for c in state.criteria if c.status in ("bad", "warn")] == []
    statuses = {key: criterion.status for key, criterion in by_key(state).items()}
    assert statuses == {
        "reproducible": "untold", "metrics": "ok", "checkpoints": "untold", "memory": "ok", "gradients": "ok",
        "validation": "ok",
    }  # fmt: skip
    assert state.verdict == "✓4 ?2"
    assert state.best.metric == "val/loss"
    with_series = run.at(now, series=True)
    assert with_series.criteria == state.criteria
    assert len(with_series.series["train/loss"].steps) == sum(tag == "train/loss" for _, _, tag, _ in points)


def loop(count=60, bad=(), first=0):
    points = [(s, 100.0 + s, "loss", math.nan if s in bad else 2 - s / 100) for s in range(first, count)]
    return points + [(s, 100.0 + s, "eval_loss", 2.5 - s / 100) for s in range(first, count) if s % 10 == 0]


def test_what_the_launch_knows_and_what_the_command_says(tmp_path, monkeypatch):
    run = Followed(tmp_path, monkeypatch, 100.0, seed=7, seed_by="its command line")
    run.add(loop())
    state = run.at(165.0)
    found = by_key(state)["reproducible"]
    assert state.seed == 7
    assert "seed 7, told by its command line" in found.evidence
    assert any(line.startswith("commit 0000") for line in found.evidence)
    assert "metrics.csv tells nothing of deterministic kernels, its data, how it goes on" in found.evidence[0]
    assert "--seed" not in found.todo
    assert by_key(state)["metrics"].evidence[-1] == "recorded by metrics.csv"


def test_a_nan_fails_until_a_resume_trains_those_steps_again(tmp_path, monkeypatch):
    run = Followed(tmp_path, monkeypatch, 100.0)
    run.add(loop(bad=(40, 41)))
    state = run.at(165.0)
    assert (by_key(state)["gradients"].status, state.nonfinite_count) == ("bad", 2)
    assert "loss is not finite since step 40; 2 values" in state.troubles[0].text
    assert "replay" not in state.troubles[0].todo
    run.again(39, 166.0)
    run.add(loop(first=40))
    state = run.at(167.0)
    assert (by_key(state)["gradients"].status, state.troubles) == ("untold", ())


def test_a_runner_that_begins_anew_reads_back_what_was_followed(tmp_path, monkeypatch):
    run = Followed(tmp_path, monkeypatch, 100.0)
    run.add(loop(bad=(5,)))
    before = run.at(165.0)
    run.run.course.unlink()
    run.digest = module.Digest(run.run)
    assert run.at(165.0).criteria == before.criteria


def test_a_note_explains_a_plateau(tmp_path, monkeypatch):
    run = Followed(tmp_path, monkeypatch, 100.0)
    run.add([(s, 100.0 + s, "val_loss", 1.0 if s else 0.5) for s in range(0, 300, 10)])
    assert by_key(run.at(400.0))["validation"].status == "warn"
    monkeypatch.setattr("time.time", lambda: 390.0)
    append_note(run.run, 300, "the data end here")
    assert by_key(run.at(400.0))["validation"].status == "explained"


def test_the_document_is_small_written_now_and_then_and_survives_a_full_disk(tmp_path, monkeypatch):
    run = Followed(tmp_path, monkeypatch, 100.0)
    run.add([(s, 100.0 + s, tag, 1 / (s + 1)) for s in range(50_000) for tag in ("loss", "val_loss", "a", "b")])
    clock = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    full = []
    monkeypatch.setattr(module, "write_course", lambda *_: full.append(1) or _raise(OSError(28, "No space left")))
    run.digest.read()
    run.digest.read()
    assert (full, run.run.course.exists()) == ([1], False)
    monkeypatch.undo()
    run.digest.read(last=True)
    assert 1_000 < run.run.course.stat().st_size < 200_000
    assert json.loads(run.run.course.read_text())["validations"][-1][0] == 49_999


def _raise(error):
    raise error


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"schema": 99}', '{"schema": 1}', '{"schema": 1, "losses": [["a", {}]]}', "[" * 9999]
)
def test_a_document_that_is_none_leaves_the_rest_as_it_is(content, tmp_path, monkeypatch):
    run = Followed(tmp_path, monkeypatch, 100.0)
    run.add(loop())
    run.at(165.0)
    run.run.course.write_text(content)
    state = RunReader(run.run, clock=lambda: 165.0).poll()
    assert state.step == 59
    assert by_key(state)["memory"].status == "ok"
    assert by_key(state)["validation"].status == "untold"
