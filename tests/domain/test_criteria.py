"""The six criteria: what each says, and when it is too early to say anything."""

import re
from dataclasses import replace

import pytest
from support.fakes import NOW, checkpoint, launch
from support.layers import WEIGHED
from support.vitals import GIB, curve, host, state

from cockpit.domain.criteria import summary, unjudged
from cockpit.domain.criteria.rules import judge
from cockpit.domain.run import Mark, NonFinite
from cockpit.domain.state import State
from cockpit.domain.trend import FEWEST
from cockpit.domain.vitals import Vitals

WELL = {"launch": launch(packages={"torch": "2.13.0"})}
IMPROVING = curve([3 - i / 10 for i in range(12)], 100, 100)


def judged(changes=None, **vitals):
    """By key."""
    found = judge(state(WELL | (changes or {}), **{"validations": IMPROVING} | vitals))
    return {criterion.key: criterion for criterion in found}


def test_good_training_meets_all_six():
    found = judged()
    assert [criterion.status for criterion in found.values()] == ["ok"] * 6
    assert summary(found.values()) == "✓6"
    assert all(len(criterion.label) <= 12 and criterion.evidence for criterion in found.values())


def test_where_there_is_one_of_everything_no_plural_is_told():
    one = {
        "launch": launch(git_dirty=True, git_diff="-a\n", packages={"torch": "2.13.0"}),
        "nonfinite": (NonFinite(1, "grad_norm", NOW),), "nonfinite_count": 1, "step": 1201,
        "checkpoints": (checkpoint(1200, 1.0), checkpoint(1199, 1.0)),
    }  # fmt: skip
    # one more validation is needed, and the best is one validation before the last
    found = judged(
        one, validations=curve([3.0, *(2.0 + i for i in range(FEWEST - 2))]), conditions={"scaler": True}, skipped=1
    )
    told = " / ".join(line for criterion in found.values() for line in criterion.evidence)
    assert "trend told after 1 more validation /" in told
    assert "1 value that is not finite /" in told
    assert "fp16: 1 step skipped" in told
    assert "1 package on record with its version" in told
    assert "(1 line)" in told
    assert ", 1 step ago" in told
    assert not re.search(r"(?<![\d.,])1 (more )?(steps|values|validations|packages|lines|workers)", told)


def test_before_training_nothing_is_judged():
    assert judge(replace(state(), vitals=Vitals())) == ()


@pytest.mark.parametrize(
    ("own", "by"),
    [
        ({"seed": 42}, "the config"),
        ({"seed": None, "framework": "Lightning"}, "seed_everything"),
        ({"seed": 42, "seed_by": "its command line", "framework": "Lightning"}, "seed_everything"),
        ({"seed": None, "framework": "transformers"}, "its training arguments"),
    ],
)
def test_who_has_set_the_seed(own, by):
    found = judged({"launch": launch(packages={"torch": "2.13.0"}, **own), "seed": 42})["reproducible"]
    assert any(line.startswith(f"seed 42, by {by}") for line in found.evidence)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"step": None}, "too early, no record yet"),
        ({"step": None, "state": State.WATCHED}, "too early, no record yet"),
        ({"step": None, "state": State.FAILED, "ended": NOW}, "it left no record"),
        ({"step": 7, "state": State.WATCHED}, "still being read"),
    ],
)
def test_why_nothing_is_judged_is_told_within_a_panel(changes, words):
    why = unjudged(replace(state(), **changes))
    assert why == words
    assert len(why) <= 26  # of a panel of 28 cells


@pytest.mark.parametrize(
    ("changes", "conditions", "status", "todo"),
    [
        ({"seed": None}, {}, "bad", "seed_everything"),
        ({}, {"data_fingerprint": ""}, "warn", "fingerprint"),
        ({}, {"deterministic": False}, "warn", "deterministic: true"),
        ({"device": "cpu"}, {"deterministic": False}, "ok", ""),
        ({"launch": launch(git_commit=None, packages={"a": "1"})}, {}, "warn", "git init"),
        ({"launch": launch(git_dirty=True, packages={"a": "1"})}, {}, "warn", "Commit"),
        ({"launch": launch(git_dirty=None, packages={"a": "1"})}, {}, "warn", "Commit"),
        ({"launch": launch(git_untracked=("train.py",), packages={"a": "1"})}, {}, "warn", "git add"),
        ({"launch": launch(git_dirty=True, git_diff="-a\n+b\n", packages={"a": "1"})}, {}, "ok", ""),
        ({"guarantee": ("state only", "its loader shuffles by itself")}, {}, "warn", "exact_loader"),
    ],
)
def test_reproducible(changes, conditions, status, todo):
    found = judged(changes, conditions=conditions)["reproducible"]
    assert found.status == status
    assert todo in found.todo


def test_metrics_want_points_a_tracker_and_validation():
    assert judged(tracker_written=NOW - 5000)["metrics"].status == "warn"
    assert judged(conditions={"loggers": ()})["metrics"].status == "warn"
    assert judged(last_point=NOW - 300)["metrics"].status == "warn"
    assert judged({"state": State.VALIDATING}, last_point=NOW - 300)["metrics"].status == "ok"
    assert judged({"metrics": {}}, last_point=None)["metrics"].status == "bad"
    assert "every step" in judged()["metrics"].evidence[1]


def test_a_point_of_this_moment_is_now_and_one_of_the_last_moment_at_the_end():
    assert "last point now" in judged(last_point=NOW - 0.4)["metrics"].evidence
    over = {"state": State.FINISHED, "ended": NOW}
    assert "last point at the end" in judged(over, last_point=NOW - 0.4)["metrics"].evidence
    assert "last point 3s before the end" in judged(over, last_point=NOW - 3)["metrics"].evidence


def test_how_long_a_criterion_is_met_is_told_once_it_is_a_second():
    found = judged(last_point=NOW - 300)["metrics"]
    assert found.word_at(found.since + 0.4) == "warns"
    assert found.word_at(found.since + 48) == "warns for 48s"


def test_checkpoints_want_to_be_young_whole_and_finite():
    found = judged()["checkpoints"]
    assert "a crash now costs 5.0 min of training" in found.evidence
    assert judged({"save_error": "OSError: full"})["checkpoints"].status == "bad"
    assert judged(damaged=("step=1200.ckpt",))["checkpoints"].status == "bad"
    spoilt = (replace(checkpoint(1200, 1.0), finite=False),)
    assert judged({"checkpoints": spoilt})["checkpoints"].status == "bad"
    assert judged({"step": 1700})["checkpoints"].todo == "Save one now: c"
    assert judged({"checkpoints": ()})["checkpoints"].status == "early"
    assert judged({"checkpoints": (), "state": State.FAILED})["checkpoints"].status == "bad"
    old = (replace(checkpoint(1200, 1.0), time=NOW - 4000),)
    assert judged({"checkpoints": old}, conditions={"begun": NOW - 5000})["checkpoints"].status == "warn"


def test_memory_names_a_leak_with_its_interval():
    found = judged(memory=(host([GIB + i * 8 * 2**20 for i in range(96)], 4.0),))["memory"]
    assert (found.status, found.short) == ("warn", "host memory leaks")
    assert "99 %" in found.evidence[0]
    assert judged(memory=())["memory"].status == "early"


def test_gradients_tell_skips_of_the_scaler_apart():
    found = judged(conditions={"scaler": True}, skipped=7, scale=2048.0)["gradients"]
    assert found.status == "ok"
    assert any("7 steps skipped by the GradScaler" in line for line in found.evidence)
    nan = {"nonfinite": (NonFinite(1100, "grad_norm", NOW - 70),), "nonfinite_count": 3}
    assert judged(nan)["gradients"].status == "bad"
    assert judged(norms=())["gradients"].status == "early"
    assert judged(update_ratio=0.4)["gradients"].status == "warn"


def test_gradients_point_at_the_layers_until_somebody_has_asked():
    ask = "g, cockpit weights RUN"
    assert any(ask in line for line in judged({"listens": True})["gradients"].evidence)
    assert ask in judged({"listens": True}, update_ratio=0.4)["gradients"].todo
    ended = judged({"listens": True, "state": State.FINISHED}, update_ratio=0.4)["gradients"]
    assert ask not in " ".join((*ended.evidence, ended.todo))
    told = judged({"listens": True}, weighed=WEIGHED)["gradients"]
    assert f"layer by layer: {WEIGHED.told}" in told.evidence
    assert not any(ask in line for line in told.evidence)
    assert judged(norms=(), weighed=WEIGHED)["gradients"].status == "ok"


def test_validation_is_too_early_improving_flat_or_worse():
    assert judged(validations=IMPROVING[:2])["validation"].status == "early"
    assert "improving" in judged()["validation"].evidence[1]
    flat = judged(validations=curve([3, 2.5, *([2.0, 2.02, 2.01] * 6)], 100, 100))["validation"]
    assert (flat.status, flat.short) == ("warn", "plateau")
    worse = judged(validations=curve([3 - i / 5 for i in range(11)] + [1 + i / 10 for i in range(1, 8)], 100, 100))
    assert worse["validation"].status == "bad"
    never = judged(validations=(), conditions={"validate_every": None})["validation"]
    assert (never.status, never.short) == ("warn", "never")


def test_a_note_since_the_best_validation_explains_a_plateau_and_a_change_does_not():
    flat = {"validations": curve([3, 2.5, *([2.0, 2.02, 2.01] * 6)], 100, 100), "validation_times": (10.0,) * 20}
    marks = [Mark("a", 200, 9.0, "note", "before it"), Mark("b", 900, 20.0, "change", "lr 1 → 2")]
    assert judged({"marks": tuple(marks)}, **flat)["validation"].status == "warn"
    marks.append(Mark("c", 1200, 30.0, "note", "the data end here"))
    told = judged({"marks": tuple(marks)}, **flat)["validation"]
    assert (told.status, told.evidence[0]) == ("explained", "explained: the data end here")
