"""Each rule on a curve that has its trouble, and on one that only looks like it."""

import random

import pytest
from support.fakes import NOW, checkpoint, launch
from support.vitals import GIB, curve, host, samples, state

from cockpit.domain.run import NonFinite
from cockpit.domain.state import State
from cockpit.domain.trouble.curves import divergence, overfitting, plateau, spike
from cockpit.domain.trouble.memory import leak, near_full, out_of_memory
from cockpit.domain.trouble.numbers import last_good, nonfinite, skipped_steps
from cockpit.domain.trouble.pace import stall, starvation
from cockpit.domain.trouble.resume import not_resumed
from cockpit.domain.trouble.rules import troubles
from cockpit.domain.trouble.storage import disk, overdue_checkpoint, save_failed

NAN = (NonFinite(1100, "train/loss", NOW - 70), NonFinite(1101, "grad_norm", NOW - 70))


def noise(count, level, sigma=0.05, seed=0):
    draw = random.Random(seed)
    return [level + draw.gauss(0, sigma) for _ in range(count)]


def test_a_healthy_run_has_none():
    assert troubles(state()) == ()


def test_a_loss_that_is_no_number_is_named_with_its_first_step_and_the_way_back():
    found = nonfinite(state({"nonfinite": NAN, "nonfinite_count": 20}))
    assert (found.level, found.step, found.since) == ("bad", 1100, NOW - 70)
    assert "train/loss is not finite since step 1,100, then grad_norm; 20+ values" in found.text
    assert "last good checkpoint: step=1000.ckpt" in found.text
    assert "cockpit replay 7f3a" in found.todo
    assert nonfinite(state()) is None


def test_the_last_good_checkpoint_is_finite_whole_and_from_before():
    from dataclasses import replace

    spoilt = replace(checkpoint(1050, 1.0), finite=False)
    kept = (checkpoint(1200, 1.0), spoilt, checkpoint(1000, 1.0), checkpoint(800, 1.0))
    look = {"nonfinite": NAN, "checkpoints": kept}
    assert last_good(state(look)).step == 1000
    assert last_good(state(look, damaged=("step=1000.ckpt",))).step == 800
    assert last_good(state(look | {"checkpoints": kept[:2]})) is None


def test_skips_of_the_scaler_count_only_in_a_row_or_when_its_scale_is_gone():
    assert skipped_steps(state(skipped=40, skipped_in_a_row=3, scale=1024.0)) is None
    assert "12 steps in a row" in skipped_steps(state(skipped=40, skipped_in_a_row=12, scale=64.0)).text
    assert skipped_steps(state(skipped=40, skipped_in_a_row=0, scale=0.5)).level == "bad"


def test_a_spike_is_several_losses_and_a_part_of_the_descent():
    calm = noise(200, 2.0)
    assert spike(state(losses=curve([*calm, 2.0, 4.0, 2.0, 2.0]))) is None
    assert spike(state(losses=curve([*calm, 2.3, 2.3, 2.3]))) is None
    found = spike(state(losses=curve([*calm, 4.0, 4.4, 4.1, *noise(20, 2.2)])))
    assert (found.step, found.kind) == (201, "spike")
    assert spike(state(losses=curve([*calm, 4.0, 4.4, 4.1, *noise(80, 2.2)]))) is None


def test_divergence_has_lost_half_of_what_was_learnt():
    fall = [5.5 - 3.5 * i / 256 for i in range(256)]
    assert divergence(state(losses=curve([*fall, *noise(128, 2.3)]))) is None
    found = divergence(state(losses=curve([*fall, *noise(160, 4.5)])))
    assert found.level == "bad"
    assert "rises: from 2." in found.text


def test_a_plateau_needs_patience_and_no_trend():
    falling = [3 - i / 10 for i in range(14)]
    flat = state(validations=curve([*falling, *noise(15, 1.8, 0.02)], 100, 100), validation_times=tuple(range(29)))
    assert plateau(flat).step == 1400
    assert plateau(flat).since == 13
    assert plateau(state(validations=curve([*falling, *noise(8, 1.8, 0.02)], 100, 100))) is None
    higher = state(validations=curve([*[-v for v in falling], *noise(15, -1.8, 0.02)], 100, 100), lower_is_better=False)
    assert plateau(higher).step == 1400


def test_overfitting_gets_worse_beyond_the_noise():
    falling = [3 - i / 5 for i in range(11)]
    rising = [1 + i / 10 for i in range(1, 8)]
    found = overfitting(state(validations=curve([*falling, *rising], 100, 100)))
    assert found.step == 1100
    assert overfitting(state(validations=curve([*falling, *noise(8, 1.02, 0.05)], 100, 100))) is None
    assert overfitting(state(validations=curve(falling, 100, 100))) is None


def test_a_stall_hangs_where_nothing_computes():
    look = {"state": State.STALLED, "evidence": "no step for 5m00s, usual pace 0.6 s"}
    assert "GPU 0 idle: it hangs" in stall(state(look, busy=("GPU 0", samples([0.0] * 12)))).text
    assert "GPU 0 at 97 %" in stall(state(look, busy=("GPU 0", samples([97.0] * 12)))).text
    assert stall(state(look)).level == "bad"
    assert stall(state()) is None


def test_starvation_is_most_of_the_time_for_long():
    found = starvation(state(waits=samples([0.7] * 8, 1.0), conditions={"workers": 0}))
    assert "70% of the time is spent waiting for data; the loader has 0 workers" in found.text
    assert starvation(state(waits=samples([0.3] * 5 + [0.9] * 3, 1.0))) is None
    assert starvation(state(waits=samples([0.9] * 5, 1.0))) is None


def test_a_leak_rises_in_both_halves():
    draw = random.Random(3)
    rising = [GIB + i * 8 * 2**20 + draw.gauss(0, 2**20) for i in range(96)]
    found = leak(state(memory=(host(rising, 4.0),)))
    assert "host memory rises by 120 MiB a minute" in found.text
    assert "Theil–Sen" in found.text
    filling = [3 * GIB * (1 - 0.97**i) for i in range(96)]  # a cache
    steps = [GIB] * 48 + [2 * GIB] * 48
    for healthy in (filling, steps, [GIB + draw.gauss(0, 2**24) for _ in range(96)]):
        assert leak(state(memory=(host(healthy, 4.0),))) is None
    assert leak(state(memory=(host(rising[:20], 4.0),))) is None


def test_memory_is_full_or_ran_out():
    assert "host memory is at" in near_full(state(memory=(host([96 * GIB] * 30, total=100 * GIB),))).text
    assert near_full(state(memory=(host([90 * GIB] * 30, total=100 * GIB),))) is None
    ended = {
        "state": State.FAILED,
        "exception": "Traceback (most recent call last):\n  x\ntorch.OutOfMemoryError: CUDA out of memory. Tried",
    }
    assert "GPU memory ran out" in out_of_memory(state(ended)).text
    killed = {"state": State.KILLED, "evidence": "SIGKILL; out of memory suspected: 23.1/23.5 GiB", "exception": ""}
    assert "host memory ran out" in out_of_memory(state(killed)).text
    assert out_of_memory(state({"state": State.FAILED, "exception": "ValueError: no"})) is None


def test_a_disk_is_full_or_will_be():
    assert disk(state(disk_free=samples([100 * 2**20] * 5))).short == "disk full"
    shrinking = [40 * GIB - i * GIB / 4 for i in range(96)]
    assert "full in" in disk(state(disk_free=samples(shrinking))).text
    assert disk(state(disk_free=samples([800 * GIB - i * GIB / 40 for i in range(96)]))) is None
    assert disk(state()) is None


def test_a_checkpoint_is_overdue_after_twice_its_interval():
    saved = {"checkpoints": (checkpoint(800, 1.0),), "step": 1201}
    assert "no checkpoint for 401 steps; one was due every 200" in overdue_checkpoint(state(saved)).text
    assert overdue_checkpoint(state(saved | {"step": 1200})) is None
    assert overdue_checkpoint(state(saved, conditions={"step": 1000})) is None
    assert overdue_checkpoint(state(saved, conditions={"checkpoint_every": None})) is None


def test_a_failed_save_is_told_until_one_succeeds():
    assert "No space left" in save_failed(state({"save_error": "OSError: No space left on device"})).text
    assert save_failed(state()) is None


@pytest.mark.parametrize("rule", [spike, divergence, plateau, overfitting, leak, starvation, disk, near_full])
def test_nothing_known_is_no_trouble(rule):
    assert rule(state(losses=(), loss_start=None, validations=(), memory=(), waits=(), disk_free=())) is None


@pytest.mark.parametrize(
    ("wanted", "began", "framework", "there"),
    [
        (600, 0, None, True),
        (600, 0, "Lightning", True),
        (600, 600, "Lightning", False),
        (None, 0, "Lightning", False),
        (600, 0, "PyTorch", False),  # a loop counts its steps as it likes
    ],
)
def test_a_resume_that_trains_from_its_beginning_is_named(wanted, began, framework, there):
    look = state({"resume_step": wanted, "launch": launch(framework=framework)}, {"step": began})
    found = not_resumed(look)
    assert (found is not None) is there
    if found is not None:
        assert (found.level, found.short) == ("bad", "began at step 0")
        assert "not at 600" in found.text
        assert found in troubles(look)
