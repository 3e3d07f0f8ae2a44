"""A table: what is missing, what is a name, and that nothing is learnt from validation rows."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from support.fits import new_run, recorded
from support.shipped import train, write_config

from trainers import pipeline, table
from trainers.tabular import Table


def made(tmp_path, frame, **options):
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    data = Table(csv=str(path), data=str(tmp_path / "data"), batch_size=4, **options)
    data.prepare_data()
    data.setup("fit")
    return data


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    numbers = rng.normal(10, 3, 200)
    town = rng.choice(["Bern", "Lyon", "Oslo"], 200)
    return pd.DataFrame({"size": numbers, "town": town, "target": numbers * 2 + (town == "Oslo")})


def test_medians_means_and_names_come_from_the_rows_they_are_given():
    rows = pd.DataFrame({"n": [1.0, 2.0, np.nan, 9.0], "c": ["a", None, "b", "a"], "code": [7, 7, 8, 8]})
    number, names, code = table.learn_columns(rows, ["code"])
    assert (number.median, number.mean) == (2.0, 3.5)
    assert names.names == ("a", "b")
    assert code.names == ("7", "8")
    other = pd.DataFrame({"n": [np.nan, 3.5], "c": ["new", "b"], "code": [8, 9]})
    encoded = table.encode(other, [number, names, code])
    spread = np.std([1, 2, 2, 9])
    expected = [[(2 - 3.5) / spread, 0, 0, 0, 1], [0, 0, 1, 0, 0]]
    assert encoded == pytest.approx(np.array(expected, np.float32))


def test_a_constant_and_an_empty_column_do_no_harm():
    rows = pd.DataFrame({"same": [3.0, 3.0], "none": [np.nan, np.nan]})
    assert not table.encode(rows, table.learn_columns(rows, [])).any()


def test_rows_without_a_target_and_copies_are_left_out(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1,2\n1,2\n3,\n4,inf\n5,6\n")
    assert table.read_table(path, "y").to_dict("list") == {"x": [1, 5], "y": [2.0, 6.0]}
    with pytest.raises(ValueError, match="no column z; there is: x, y"):
        table.read_table(path, "z")
    path.write_text("x,y\n1,\n")
    with pytest.raises(ValueError, match="no row with a y"):
        table.read_table(path, "y")


def test_only_training_rows_are_standardised(tmp_path, frame):
    data = made(tmp_path, frame)
    train_x, train_y = data.sets["train"].tensors
    assert train_x[:, 0].mean().item() == pytest.approx(0, abs=1e-5)
    assert train_y.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    assert abs(data.sets["val"].tensors[0][:, 0].mean().item()) > 1e-3
    assert train_x.shape[1] == 4  # one number, three towns
    assert sum(len(rows) for rows in data.sets.values()) == 200


def test_validation_rows_change_nothing_that_is_learnt(tmp_path, frame):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first = made(tmp_path / "one", frame)
    assigned = np.array(list(table_splits(frame).values()))
    second = made(tmp_path / "two", frame[assigned == "train"].reset_index(drop=True))
    learnt = [json.loads((data.folder / "columns.json").read_bytes()) for data in (first, second)]
    assert learnt[0] == learnt[1]


def table_splits(frame):
    frame = pd.read_csv(io.StringIO(frame.to_csv(index=False)))
    return pipeline.split(table.row_digests(frame), 0.15, 0.15, 42)


def test_a_second_start_takes_the_cache_until_the_file_or_a_setting_changes(tmp_path, frame):
    folder = made(tmp_path, frame).folder
    again = Table(csv=str(tmp_path / "table.csv"), data=str(tmp_path / "data"))
    again.prepare_data()
    assert again.folder == folder
    assert made(tmp_path, frame.iloc[1:]).folder != folder
    assert made(tmp_path, frame, seed=7).folder != folder


def test_classes_are_one_column_each(tmp_path, frame):
    data = made(tmp_path, frame, target="town", task="classification")
    assert data.answer == {"name": "town", "names": ["Bern", "Lyon", "Oslo"]}
    y = data.sets["train"].tensors[1]
    assert y.shape[1] == 3
    assert (y.sum(1) == 1).all()


@pytest.mark.slow
def test_the_diabetes_study_is_learnt_under_the_recorder(tmp_path):
    run = new_run(tmp_path / "2026-11-24T1200-tabular-0001")
    write_config("tabular", run.config, None, {})
    assert recorded(run, train, run.config, None, tmp_path).wait() == 0, run.output.read_text()[-3000:]
    events = [json.loads(line) for line in run.journal.read_text().splitlines()]
    best = max(e["metrics"]["val/r2"] for e in events if e["event"] == "validation_end" and not e["sanity"])
    assert best > 0.4  # a linear regression reaches about 0.5
    told = {e["name"]: e["detail"] for e in events if e["event"] == "stage" and e["status"] in ("done", "skipped")}
    assert told["validate raw data"] == "442 rows, 0 cells missing, 0 without target, 0 duplicate"
    assert told["initialise model"] == "Perceptron, 11 inputs, 4,993 parameters"
    assert (tmp_path / "data" / "raw" / "diabetes.csv").exists()
