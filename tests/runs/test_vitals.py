"""What a run is judged by is found in its files, however much else stands there."""

import pytest

from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.scalars import ScalarWriter


def recorded(folder, others, steps):
    run = RunPaths(folder)
    journal = JournalWriter(run.journal)
    journal.write("attach", attempt=1)
    for tag, name in enumerate(["train/loss", *(f"layer{n}/norm" for n in range(others))]):
        journal.write("tag", tag=tag, name=name)
    journal.write("fit_start", step=0, epoch=0, steps_total=100, seed=1)
    values = [(step, 1000.0 + step, 5.0 - 0.1 * step, tag, 0) for step in range(steps) for tag in range(others + 1)]
    ScalarWriter(run.scalars).write(values)
    return run


@pytest.mark.parametrize("others", [0, 7, 200])
def test_where_the_loss_started_is_known_beside_any_number_of_tags(tmp_path, others):
    run = recorded(tmp_path, others, steps=16)
    assert RunReader(run).poll().vitals.loss_start == pytest.approx(5.0 - 0.75)


@pytest.mark.parametrize("others", [0, 7, 80])
def test_there_are_losses_enough_for_a_spike_beside_any_number_of_tags(tmp_path, others):
    run = recorded(tmp_path, others, steps=300)
    assert len(RunReader(run).poll().vitals.losses) >= 160
