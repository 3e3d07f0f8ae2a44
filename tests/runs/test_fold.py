"""Events folded into what is known: a pause stops the clock, whatever happens in it and however it ends."""

import pytest

from cockpit.domain.state import State
from cockpit.runs.fold import TrainerFold
from cockpit.runs.runner_fold import RunnerFold


def folded(fold, *events):
    for at, name, fields in events:
        fold.apply({"t": at, "event": name, **fields})
    return fold


def ack(at, verb, ok=True):
    return at, "ack", {"request": f"{verb}{at}", "verb": verb, "ok": ok}


FIT = ((1.0, "attach", {"attempt": 1}), (2.0, "fit_start", {"step": 0}))
SAVE = ((20.0, "saving", {"path": "a"}), (21.0, "checkpoint", {"path": "a", "step": 1}))


def test_a_checkpoint_during_a_pause_does_not_end_it():
    fold = folded(TrainerFold(), *FIT, ack(10.0, "pause"), *SAVE)
    assert (fold.phase, fold.phase_since) == (State.PAUSED, 10.0)
    folded(fold, ack(30.0, "continue"))
    assert fold.phase is None
    assert (10.0, 30.0) in fold.breaks


def test_a_second_pause_lengthens_nothing_and_a_refused_one_does_not_begin():
    fold = folded(TrainerFold(), *FIT, ack(5.0, "pause", ok=False))
    assert fold.all_pauses() == []
    folded(fold, ack(10.0, "pause"), ack(15.0, "pause"), ack(30.0, "continue"))
    assert fold.all_pauses() == [(10.0, 30.0)]


def test_the_clock_stands_still_in_a_pause():
    runner = folded(RunnerFold(), (1.0, "launched", {"attempt": 1}))
    fold = folded(TrainerFold(), *FIT, ack(11.0, "pause"))
    assert runner.active_seconds(11.0, fold.all_pauses()) == 10.0
    assert runner.active_seconds(99.0, fold.all_pauses()) == 10.0
    folded(fold, ack(31.0, "continue"))
    assert runner.active_seconds(99.0, fold.all_pauses()) == 78.0


def test_a_pause_that_a_kill_ended_does_not_reach_into_the_next_attempt():
    attempts = (1.0, "launched", {"attempt": 1}), (41.0, "exit", {"signal": 9}), (51.0, "launched", {"attempt": 2})
    fold = folded(TrainerFold(), *FIT, ack(11.0, "pause"), (52.0, "attach", {"attempt": 2}))
    assert fold.phase is None
    assert folded(RunnerFold(), *attempts).active_seconds(71.0, fold.all_pauses()) == 10.0 + 20.0


@pytest.mark.parametrize("path", [None, "", 7])
def test_a_checkpoint_without_a_place_is_none(path):
    assert folded(TrainerFold(), *FIT, (5.0, "checkpoint", {"path": path, "step": 3})).checkpoints == {}


def test_the_best_validation_is_found_under_any_usual_name():
    def best(fit, *found):
        begin = (2.0, "fit_start", {"step": 0, **fit})
        ends = [(3.0 + i, "validation_end", {"step": i, "metrics": metrics}) for i, metrics in enumerate(found)]
        return folded(TrainerFold(), begin, *ends).best()

    named = [{"loss/val": 2.0, "acc/val": 0.1}, {"loss/val": 1.0, "acc/val": 0.3}, {"loss/val": 1.5, "acc/val": 0.2}]
    assert (best({}, *named).metric, best({}, *named).value) == ("loss/val", 1.0)
    chosen = best({"monitor": "acc/val", "mode": "max"}, *named)
    assert (chosen.metric, chosen.value, chosen.step) == ("acc/val", 0.3, 1)
    assert best({}, {"accuracy": 1.0}) is None


def saved(at, path, step, value):
    return at, "checkpoint", {"path": path, "step": step, "metric": "val/loss", "value": value}


def test_a_checkpoint_scores_what_was_measured_at_its_own_step():
    measured = {"step": 200, "metrics": {"val/loss": 2.0}}
    fold = folded(TrainerFold(), *FIT, (5.0, "validation_end", measured), saved(6.0, "best", 200, 2.0))
    folded(fold, saved(7.0, "latest", 300, 2.0))
    assert [fold.value_of(c) for c in fold.checkpoints.values()] == [2.0, None]
    folded(fold, (8.0, "validation_end", {"step": 300, "metrics": {"val/loss": 1.5}}))
    assert [fold.value_of(c) for c in fold.checkpoints.values()] == [2.0, 1.5]


def test_a_metric_of_training_is_taken_as_it_was_saved():
    fold = folded(TrainerFold(), *FIT, saved(7.0, "latest", 300, 2.0))
    assert [fold.value_of(c) for c in fold.checkpoints.values()] == [2.0]


def test_a_failed_save_is_known_until_one_succeeds():
    fold = folded(TrainerFold(), *FIT, (5.0, "checkpoint_failed", {"path": "a", "message": "No space left"}))
    assert fold.save_error == "No space left"
    folded(fold, saved(6.0, "b", 300, None))
    assert fold.save_error == ""
