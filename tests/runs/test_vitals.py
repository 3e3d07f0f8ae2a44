"""What a run is judged by is found in its files, however much else stands there."""

import time

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


@pytest.mark.parametrize(("told", "of"), [(("memory_used",), [50, 70]), (("memory_used", "memory_trainer"), [20, 21])])
def test_on_a_shared_gpu_the_run_answers_for_its_own_memory(tmp_path, told, of):
    run = recorded(tmp_path, 0, steps=16)
    figures = {"memory_used": [50.0, 70.0], "memory_total": [80.0, 80.0], "memory_trainer": [20.0, 21.0]}
    names = (*told, "memory_total")
    journal = JournalWriter(run.runner_journal)
    for tag, name in enumerate(names):
        journal.write("host_tag", tag=tag, name=f"gpu0/{name}", device="H100")
    soon = time.time() + 1
    ScalarWriter(run.host).write(
        [(look, soon + look, figures[name][look], tag, 0) for look in range(2) for tag, name in enumerate(names)]
    )
    (memory,) = RunReader(run).poll().vitals.memory
    assert [value for _, value in memory.used] == of
    assert (memory.name, memory.peak, memory.taken, memory.total) == ("GPU 0", max(of), 70, 80)
