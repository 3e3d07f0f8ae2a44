"""What may be changed in a live training, and what a change comes to."""

import math

import pytest

from cockpit.domain import hyperparameters as knobs
from cockpit.domain.marks import limits_after, mark_text, taken_along
from cockpit.domain.run import Mark

PRESENT = {"lr": 1e-3, "max_steps": None, "max_epochs": 10, "gradient_clip_val": 0.0, "log_every_n_steps": 50}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lr", "3e-4", 3e-4), ("lr", " x0.5 ", "x0.5"), ("lr", "×2", "x2"), ("max_steps", "5_000", 5000),
        ("gradient_clip_val", "off", 0.0), ("gradient_clip_val", "0.5", 0.5), ("patience", "3", 3),
    ],
)  # fmt: skip
def test_what_a_person_writes(name, text, value):
    assert knobs.parse(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("lr", "", "nothing is no number"), ("lr", "0", "too small"), ("lr", "inf", "no value"), ("lr", "xx", "factor"),
        ("lr", "x-1", "factor"), ("lr", "xinf", "factor"), ("max_steps", "1e3", "whole number"),
        ("max_steps", "0", "too small"), ("max_steps", "9" * 30, "no value"), ("patience", "-1", "too small"),
        ("gradient_clip_val", "-0.1", "too small"), ("lr_", "1", "did you mean lr?"), ("width", "1", "there is: lr"),
        ("\x1b[2J", "1", "\\x1b"), ("lr", "\x1b[2J", "\\x1b"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_value(name, text, why):
    with pytest.raises(ValueError) as told:
        knobs.parse(name, text)
    assert why in str(told.value)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"max_epochs": 4}, ""), ({"max_epochs": 3}, "epoch 4 is under way"), ({"max_steps": 101}, ""),
        ({"max_steps": 100}, "step 100 is reached"), ({"patience": 1}, "it has none"), ({}, "nothing"),
        ({"lr": [1]}, "no number"), ({"max_steps": 200.0}, "no whole number"), ({"lr": True}, "no number"),
        ({"lr": "1e-3"}, "no factor"), ({"lr": None}, "no number"),
    ],
)  # fmt: skip
def test_what_a_training_refuses(values, why):
    told = knobs.refusal(values, PRESENT, step=100, epoch=3)
    assert (why in told) if why else not told


def test_a_rate_of_zero_can_be_scaled_and_not_set():
    zero = PRESENT | {"lr": 0.0}
    assert "scale it" in knobs.refusal({"lr": 1e-3}, zero, 0, 0)
    assert knobs.refusal({"lr": "x2"}, zero, 0, 0) == ""
    assert knobs.after({"lr": "x2"}, zero)["lr"] == 0.0


def test_a_change_in_words_names_what_differs_alone():
    new = knobs.after({"lr": "x0.5", "max_steps": 4000, "max_epochs": 10, "gradient_clip_val": 1.0}, PRESENT)
    assert knobs.told(PRESENT, new) == "lr 0.001 → 0.0005, max_steps no limit → 4,000, gradient_clip_val off → 1"
    assert knobs.told(PRESENT, PRESENT) == "everything as it was"


@pytest.mark.parametrize(
    ("values", "factor"),
    [
        ({"lr": "x0.25"}, 4), ({"lr": 2e-3}, 2), ({"max_epochs": 30}, 3), ({"max_steps": 9}, math.inf),
        ({"gradient_clip_val": 9.0}, 1), ({"log_every_n_steps": 1}, 1),
    ],
)  # fmt: skip
def test_how_large_a_change_is(values, factor):
    assert knobs.largest_factor(PRESENT, knobs.after(values, PRESENT)) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("steps", "epochs", "per_epoch", "total"),
    [(None, 10, 400, 4000), (3000, 10, 400, 3000), (5000, 10, 400, 4000), (5000, None, None, 5000),
     (5000, 10, None, None), (None, None, 400, None)],
)  # fmt: skip
def test_the_length_is_the_nearer_limit(steps, epochs, per_epoch, total):
    assert knobs.steps_of({"max_steps": steps, "max_epochs": epochs}, per_epoch) == total


@pytest.mark.parametrize(
    ("values", "longest", "why"),
    [
        ({"max_steps": 300}, 300, ""), ({"max_steps": 301}, 300, "end at step 300, and goes no further"),
        ({"max_steps": 301}, None, ""), ({"lr": 1.0}, 300, ""),
    ],
)  # fmt: skip
def test_a_loop_goes_no_further_than_it_was_made_for(values, longest, why):
    told = knobs.refusal_of_loop(values, longest)
    assert (why in told) if why else not told


def test_marks_in_words():
    change = Mark("a", 1240, 0.0, "change", "lr 1 → 2", "ada", in_force=False)
    note = Mark("b", 10, 0.0, "note", "\x1b[2J", "")
    assert mark_text(change) == "lr 1 → 2 (left behind by a resume) (ada)"
    assert mark_text(note) == "\\x1b[2J"
    assert taken_along((change, note), ("a",)) == (["step 1,240: lr 1 → 2"], [])
    assert taken_along((change, note), ()) == ([], ["step 1,240: lr 1 → 2"])


def test_the_limits_of_a_resume_are_the_configs_with_what_it_takes_along():
    marks = (
        Mark("a", 10, 0.0, "change", "", values={"max_epochs": 15, "lr": 0.1}),
        Mark("b", 20, 0.0, "change", "", values={"max_steps": 900}),
        Mark("n", 30, 0.0, "note", ""),
    )
    config = {"max_steps": None, "max_epochs": 10}
    assert limits_after(marks, (), config) == (config, False)
    assert limits_after(marks, ("a",), config) == ({"max_steps": None, "max_epochs": 15}, False)
    assert limits_after(marks, ("a", "b"), config) == ({"max_steps": 900, "max_epochs": 15}, True)
    assert limits_after((), (), config) == (config, True)
