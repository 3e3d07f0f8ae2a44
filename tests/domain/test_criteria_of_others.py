"""The six criteria where another tool's records are all there is: judged by what they tell, and by nothing else."""

import math
from dataclasses import replace

import pytest
from support.fakes import NOW, launch
from support.vitals import GIB, curve, host, watched

from cockpit.domain.criteria import summary
from cockpit.domain.criteria.rules import judge
from cockpit.domain.run import Checkpoint, NonFinite
from cockpit.domain.state import State
from cockpit.domain.trouble.rules import troubles
from cockpit.domain.vitals import Conditions, Origin

PLAIN = launch(framework="", seed=None, packages={"a": "1"}, resume=(), config="")
FLAT = {"validations": curve([3, 2.5, *([2.0, 2.02, 2.01] * 6)], 100, 100)}


def judged(changes=None, **vitals):
    return {criterion.key: criterion for criterion in judge(watched(changes, **vitals))}


def followed(changes=None, **vitals):
    """A run that cockpit launched, whose own files are all that tells how it goes."""
    known = {"launch": PLAIN, "state": State.RUNNING, "guarantee": ("unknown", "as it does by itself")}
    return judged(known | (changes or {}), **{"memory": (host([GIB] * 96),)} | vitals)


def test_what_curves_tell_is_judged_and_the_rest_is_not_told():
    found = judged()
    assert [criterion.status for criterion in found.values()] == ["untold", "ok", "untold", "untold", "ok", "ok"]
    assert summary(found.values()) == "✓3 ?3"
    assert all(criterion.evidence for criterion in found.values())
    assert all(criterion.todo for criterion in found.values() if criterion.status == "untold")
    assert {criterion.word for criterion in found.values()} == {"ok", "not told"}


@pytest.mark.parametrize(
    ("origin", "told", "missing"),
    [
        (Origin(), "", "a seed, deterministic kernels, its data, its code, its packages"),
        (Origin(seed=3, seed_by="hparams.yaml"), "seed 3, told by hparams.yaml", "tells nothing of deterministic"),
        (Origin(deterministic=True), "deterministic algorithms are enforced", "a seed, its data"),
        (Origin(commit="ab" * 20), "", "changes beyond commit abababababa"),
        (Origin(commit="ab" * 20, diff="diff.patch"), "their diff kept in diff.patch", "its packages"),
        (Origin(packages=1042), "1,042 packages on record", "its code, what a resume"),
    ],
)
def test_reproducible_says_what_is_told_and_what_is_not(origin, told, missing):
    found = judged({"seed": origin.seed}, origin=origin)["reproducible"]
    text = "\n".join(found.evidence)
    assert (found.status, found.todo) == ("untold", "Start it with cockpit run: commit, packages and memory are on "
                                          "record then")  # fmt: skip
    assert told in text
    assert missing in text


def test_of_a_followed_run_is_known_what_its_launch_has_put_on_record():
    found = followed()["reproducible"]
    assert found.status == "untold"
    assert (
        "tells nothing of a seed, deterministic kernels, its data, how it goes on from a checkpoint"
        in (found.evidence[0])
    )
    assert "commit 00000000000…, clean" in found.evidence
    assert "--seed N" in found.todo
    assert "[launch] resume" in found.todo
    dirty = {"launch": replace(PLAIN, git_dirty=True)}
    assert (followed(dirty)["reproducible"].status, followed(dirty)["reproducible"].short) == ("warn", "no diff")
    seeded = followed({"seed": 5}, origin=Origin(seed=5, seed_by="its command line"))["reproducible"]
    assert (seeded.status, seeded.short) == ("untold", "seed 5")


def test_of_checkpoints_that_tell_no_step_nothing_is_said_of_their_distance():
    saved = tuple(Checkpoint(f"/x/{n}.pt", f"{n}.pt", time=NOW - n, followed=True) for n in (1, 2))
    (kept, *_) = followed({"checkpoints": saved})["checkpoints"].evidence
    assert kept == "2 kept; at which steps is not told"


def test_records_that_ended_long_ago_are_not_called_silent():
    found = judged(last_point=NOW - 3 * 86400)["metrics"]
    assert (found.status, found.short) == ("ok", "3, 3d00h ago")
    assert "the loss every step; validation every 100 steps (val/loss)" in found.evidence
    assert judged(losses=(), validations=())["metrics"].evidence[1] == (
        "the loss not among them; validation not among them"
    )
    assert judged({"metrics": {}})["metrics"].status == "untold"


def test_a_followed_run_is_silent_by_the_pace_of_its_own_records():
    assert followed(last_point=NOW - 100)["metrics"].status == "warn"
    assert followed(last_point=NOW - 100, pace=30.0)["metrics"].status == "ok"
    assert followed({"state": State.FINISHED, "ended": NOW - 100}, last_point=NOW - 100)["metrics"].status == "ok"


def test_checkpoints_that_lie_beside_the_records():
    kept = tuple(
        Checkpoint(f"/out/checkpoint-{s}", f"checkpoint-{s}", s, bytes=2**20, time=NOW - 2000 + s)
        for s in (1200, 1000, 800)
    )
    found = judged({"checkpoints": kept})["checkpoints"]
    assert found.status == "ok"
    assert found.evidence[0] == "3 lie beside its records; those kept are 200 steps apart"
    assert "checkpoint-1200, 1.0 MiB, 40 steps ago, saved 13m20s ago; not read through" in found.evidence[1]
    assert "a crash now costs 10.0 min" in found.evidence[2]
    old = tuple(replace(each, time=NOW - 4000) for each in kept)
    long_ago = {"conditions": Conditions(begun=NOW - 5000)}
    assert judged({"checkpoints": old}, **long_ago)["checkpoints"].status == "warn"
    assert judged({"checkpoints": old}, last_point=NOW - 2000, **long_ago)["checkpoints"].status == "ok"  # it ended
    assert followed({"checkpoints": old}, **long_ago)["checkpoints"].status == "warn"
    assert followed()["checkpoints"].status == "untold"


def test_memory_is_judged_where_it_is_sampled():
    assert judged()["memory"].todo == "Start it with cockpit run: host and GPU memory are sampled then"
    assert judged(memory=(host([GIB] * 96),))["memory"].status == "ok"
    rising = (host([GIB + i * 8 * 2**20 for i in range(96)], 4.0),)
    assert followed(memory=rising)["memory"].short == "host memory leaks"
    assert followed(memory=())["memory"].status == "early"


def test_a_loss_that_is_nan_fails_with_its_first_step():
    nan = {"nonfinite": (NonFinite(1100, "loss", None),), "nonfinite_count": 1}
    found = judged(nan)["gradients"]
    assert (found.status, found.short) == ("bad", "loss not finite")
    assert "since step 1,100; 1 value; no checkpoint before it is known of" in found.evidence[0]
    assert "cockpit replay" not in found.todo
    kept = (Checkpoint("/out/checkpoint-1000", "checkpoint-1000", 1000),)
    assert judged(nan | {"checkpoints": kept})["gradients"].todo.startswith("Go back to that checkpoint")
    assert [trouble.kind for trouble in troubles(watched(nan))] == ["nonfinite"]


def test_without_a_norm_the_gradients_are_not_told_and_a_norm_that_comes_back_warns():
    assert judged(norms=())["gradients"].status == "untold"
    skipped = judged(norms=curve([0.8, math.inf, 0.9, math.nan, 0.7]))["gradients"]
    assert (skipped.status, skipped.short) == ("warn", "skipped steps")
    assert "2 of the last 5 norms were not finite, and later ones are" in skipped.evidence[0]


def test_validation_is_judged_by_the_same_rule():
    assert judged(validations=())["validation"].status == "untold"
    assert judged(validations=curve([3, 2], 100, 100))["validation"].status == "early"
    assert (
        "best val/acc 0.900 @ step 300"
        in judged(metric="val/acc", validations=curve([0.5, 0.7, 0.9], 100, 100), lower_is_better=False)[
            "validation"
        ].evidence[0]
    )
    flat = judged(**FLAT)["validation"]
    assert (flat.status, flat.short, flat.todo) == ("warn", "plateau", "Stop here, or lower the learning rate")
    assert "n attaches a note" in followed(**FLAT)["validation"].todo


def test_trouble_in_curves_is_named_while_records_come_and_not_long_after():
    assert [trouble.kind for trouble in troubles(watched(**FLAT))] == ["plateau"]
    assert troubles(watched(last_point=NOW - 3600, **FLAT)) == ()
    assert [trouble.kind for trouble in troubles(watched(last_point=NOW - 3600, pace=500.0, **FLAT))] == ["plateau"]
    fall = [5.5 - 3.5 * i / 256 for i in range(256)]
    lost = {"losses": curve([*fall, *[4.5] * 160]), "last_point": NOW - 3600}
    assert [trouble.kind for trouble in troubles(watched(**lost))] == ["divergence"]  # what it ended with
    assert troubles(watched(loss_start=None, **lost)) == ()
