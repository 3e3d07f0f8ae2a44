"""Where an attempt was to go on from is known once its trainer has begun, and not of an earlier one."""

import json

import pytest

from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.scalars import ATTEMPT, ScalarWriter


def tell(path, *events):
    with path.open("a") as file:
        file.writelines(json.dumps({"schema": 1, "t": at, "event": name, **more}) + "\n" for at, name, more in events)


def test_what_the_attempt_was_to_go_on_from(tmp_path):
    run = RunPaths(tmp_path / "2026-01-01T0000-a-1111")
    run.root.mkdir()
    reader = RunReader(run)
    tell(run.runner_journal, (1.0, "launched", {"attempt": 1, "step": None}))
    tell(run.journal, (2.0, "attach", {"attempt": 1}), (3.0, "fit_start", {"step": 0}))
    assert reader.poll().resume_step is None
    tell(run.runner_journal, (5.0, "exit", {"code": 1}), (6.0, "launched", {"attempt": 2, "step": 60}))
    tell(run.journal, (7.0, "attach", {"attempt": 2}))
    assert reader.poll().resume_step is None  # it has not said where it begins
    tell(run.journal, (8.0, "fit_start", {"step": 0}))
    assert (reader.poll().resume_step, reader.poll().vitals.conditions.step) == (60, 0)


@pytest.mark.parametrize("series", [True, False])
def test_a_resume_from_long_before_the_last_step(tmp_path, series):
    """More points are redone than there are times kept of, and nothing has come after them yet."""
    run = RunPaths(tmp_path / "2026-01-01T0000-a-1111")
    run.root.mkdir()
    tell(run.journal, (1.0, "attach", {"attempt": 1}), (2.0, "tag", {"tag": 0, "name": "train/loss"}))
    tell(run.journal, (2.0, "tag", {"tag": 1, "name": "val/loss"}), (3.0, "fit_start", {"step": 0}))
    scalars, reader = ScalarWriter(run.scalars), RunReader(run, series=series)
    scalars.write((step, 3.0 + step, 1.0, 0, 0) for step in range(1, 3001))
    scalars.write([(3000, 3003.0, 2.0, 1, 0)])
    assert (reader.poll().step, reader.poll().loss_val) == (3000, 2.0)
    tell(run.journal, (4000.0, "attach", {"attempt": 2}), (4001.0, "fit_start", {"step": 100}))
    scalars.write([(100, 4001.0, 0.0, ATTEMPT, 0)])
    state = reader.poll()
    assert (state.step, state.loss_train, state.loss_val) == (100, 1.0 if series else None, None)
    scalars.write([(101, 4002.0, 0.5, 0, 0)])
    assert (reader.poll().step, reader.poll().loss_train) == (101, 0.5)
