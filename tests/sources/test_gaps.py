"""Tables that say ``nan`` where nothing was logged: told from a NaN that was, row by row, as the file grows."""

import math

import pytest
from support.tails import Reader, state_of, watched

from cockpit.sources.lightning_csv import LightningCsv
from cockpit.sources.source import Found

NAN = math.nan
HEADER = "step,epoch,train_loss,lr,val_loss,val_acc"


def step(number, loss=1.0, rate=0.1):
    return f"{number},0,{loss},{rate},nan,nan"


def validation(number, loss=2.0, accuracy=0.5):
    return f"{number},0,nan,nan,{loss},{accuracy}"


def training(*validations, every=10):
    """Rows of steps, and one of a validation after every ten."""
    for round_ in range(len(validations)):
        yield from (step(round_ * every + n) for n in range(every))
        yield validation(round_ * every + every - 1, validations[round_])


class File:
    def __init__(self, folder, header=HEADER):
        self.path = folder / "metrics.csv"
        self.path.write_text(header + "\n")
        self.run = watched(LightningCsv(), self.path)

    def add(self, *rows):
        with self.path.open("a") as file:
            file.writelines(row + "\n" for row in rows)
        return state_of(self.run)


def gradients(state):
    return next(criterion for criterion in state.criteria if criterion.key == "gradients").status


@pytest.fixture
def file(tmp_path):
    return File(tmp_path)


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_rows_of_validations_and_of_steps_leave_no_nan_in_each_other(file, piece):
    rows = list(training(2.0, 1.8, 1.7))
    for first in range(0, len(rows), piece):
        state = file.add(*rows[first : first + piece])
        assert gradients(state) != "bad"
    assert state.series["train_loss"].steps.tolist() == list(range(30))
    assert state.series["val_loss"].steps.tolist() == [9, 19, 29]
    assert not any(math.isnan(value) for view in state.series.values() for value in view.values.tolist())


@pytest.mark.parametrize("piece", [1, 1000])
@pytest.mark.parametrize(
    ("rows", "what", "at"),
    [
        ([step(20, NAN)], "train_loss", 20),
        ([step(20, NAN), validation(20), step(21)], "train_loss", 20),
        ([validation(20, NAN)], "val_loss", 20),
        ([step(20, math.inf)], "train_loss", 20),
    ],
)
def test_a_loss_that_is_none_is_told_with_its_step_and_no_other(file, piece, rows, what, at):
    rows = [*training(2.0, 1.8), *rows]
    for first in range(0, len(rows), piece):
        state = file.add(*rows[first : first + piece])
    assert [(each.what, each.step) for each in state.nonfinite] == [(what, at)]
    assert gradients(state) == "bad"


def test_a_column_that_speaks_only_where_the_loss_is_none_hides_nothing(tmp_path):
    file = File(tmp_path, "step,train_loss,overflow")
    state = file.add("0,1.0,nan", "1,nan,1", "2,1.0,nan", "3,0.9,nan", "4,nan,1", "5,0.9,nan")
    assert [each.step for each in state.nonfinite] == [1, 4]


def test_a_nan_beside_a_column_that_is_empty_elsewhere_was_logged(tmp_path):
    file = File(tmp_path, "step,train_loss,val_loss")
    state = file.add("0,1.0,", "1,0.9,", "2,nan,2.0", "3,0.8,")
    assert [each.step for each in state.nonfinite] == [2]


def test_columns_that_turn_out_to_be_logged_together_are_told_anew(tmp_path):
    file = File(tmp_path, "step,train_loss,val_loss")
    assert file.add("0,1.0,nan", "1,nan,2.0", "2,0.9,nan").nonfinite == ()
    state = file.add("3,0.8,1.9", "4,0.7,nan")
    assert ("train_loss", 1) in [(each.what, each.step) for each in state.nonfinite]
    assert state.series["train_loss"].steps.tolist() == [0, 1, 2, 3, 4]


def test_a_table_of_too_many_kinds_of_rows_is_taken_as_it_stands(tmp_path):
    names = [f"m{n}" for n in range(300)]
    file = File(tmp_path, ",".join(["step", "train_loss", "val_loss", *names]))
    rows = [f"{n},1.0,nan," + ",".join("1" if m == n else "nan" for m in range(300)) for n in range(300)]
    state = file.add("0,nan,1.0," + ",".join(["nan"] * 300), *rows)
    assert ("train_loss", 0) in [(each.what, each.step) for each in state.nonfinite]


def test_it_is_read_again_only_when_that_changes_what_was_said(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text(f"{HEADER}\n{step(0)}\n")
    reader = Reader(LightningCsv().open(Found(path))).read()
    for row in [*training(2.0, 1.8)][1:]:
        with path.open("a") as file:
            file.write(row + "\n")
        reader.read()
    assert reader.restarts == 1  # at the first validation: before it nobody could know
    assert reader.steps("train_loss") == list(range(20))
