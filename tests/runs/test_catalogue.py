"""A list of runs tells what reading each of them tells, at whatever cost that was."""

import dataclasses
import json
import os
import re

import pytest
from benchmarks.scenes import Recorded, finished, many

from cockpit.domain.state import State
from cockpit.domain.summary import as_record
from cockpit.domain.vitals import Vitals
from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import INDEX, RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.store import Catalogue, run_folders


@pytest.fixture(scope="module")
def _recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project") / "runs"
    many(folder, 60)
    return folder


@pytest.fixture
def folder(_recorded):
    """Sixty runs that ended, remembered."""
    (_recorded / INDEX).unlink(missing_ok=True)
    Catalogue(_recorded).poll()
    assert (_recorded / INDEX).exists()
    return _recorded


def reading(monkeypatch):
    """The ids of the runs that are read from now on."""
    read = []
    monkeypatch.setattr(RunReader, "poll", lambda self, real=RunReader.poll: read.append(self.run.id) or real(self))
    return read


def told(states):
    return [(as_record(state), state.name, state.started, state.ended) for state in states]


def test_what_is_remembered_is_what_was_read(folder, monkeypatch):
    truth = told([RunReader(run).poll() for run in run_folders(folder)])
    read = reading(monkeypatch)
    assert told(Catalogue(folder).poll()) == truth
    assert not read


def test_a_run_that_changed_is_read_again(folder, monkeypatch):
    run = run_folders(folder)[7]
    JournalWriter(run.journal).write("nonfinite", step=3, what="train/loss", value=float("nan"))
    read = reading(monkeypatch)
    states = Catalogue(folder).poll()
    assert read == [run.id]
    assert states[7].nonfinite_count == 1


def test_a_change_is_seen_while_it_is_open_too(folder):
    catalogue = Catalogue(folder)
    catalogue.poll()
    run = run_folders(folder)[3]
    JournalWriter(run.journal).write("nonfinite", step=3, what="train/loss", value=float("nan"))
    before = run_folders(folder)[0].id
    new = finished(folder, "2026-02-02T0000-new-ffff", 10)
    states = catalogue.poll()
    assert states[0].id == new.id != before
    assert states[4].nonfinite_count == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda _: "[" * 100_000,
        lambda _: "{}",
        lambda text: text.replace('"schema":1', '"schema":2'),
        lambda text: re.sub(r'"step":\[\d+', '"step":["<b>"', text),
        lambda text: text.replace('"state":["finished"', '"state":["no such"'),
        lambda text: text.replace('"seed":[7,', '"seed":['),
    ],
)
def test_an_index_that_makes_no_sense_is_not_believed(folder, damage):
    truth = told([RunReader(run).poll() for run in run_folders(folder)])
    content = (folder / INDEX).read_text()
    damaged = damage(content)
    assert damaged != content
    (folder / INDEX).write_text(damaged)
    assert told(Catalogue(folder).poll()) == truth


def test_runs_that_were_moved_are_where_they_are_now(tmp_path):
    many(tmp_path / "before", 60)
    Catalogue(tmp_path / "before").poll()
    folder = (tmp_path / "before").rename(tmp_path / "now")
    assert {state.path for state in Catalogue(folder).poll()} == {str(run.root) for run in run_folders(folder)}


def test_what_may_still_change_is_not_remembered(tmp_path):
    folder = tmp_path / "runs"
    many(folder, 60)
    Recorded(folder, "2026-03-03T0000-live-aaaa", 100, 0.0)
    foreign = finished(folder, "2026-03-03T0000-damaged-bbbb", 10)
    foreign.run_json.write_text("{")
    states = Catalogue(folder).poll()
    assert {state.state for state in states} > {State.FINISHED, State.UNKNOWN}
    assert [state.id for state in states if state.state.active] == ["2026-03-03T0000-live-aaaa"]
    remembered = json.loads((folder / INDEX).read_text())["columns"]["id"]
    assert len(remembered) == 60


def test_a_few_runs_need_no_index(tmp_path):
    finished(tmp_path, "2026-01-01T0000-a-aaaa", 10)
    Catalogue(tmp_path).poll()
    assert not (tmp_path / INDEX).exists()


def test_a_run_that_was_just_read_is_not_read_again(tmp_path, monkeypatch):
    live = Recorded(tmp_path, "2026-03-03T0000-live-aaaa", 100, 0.0).run
    other = Recorded(tmp_path, "2026-03-03T0000-live-bbbb", 100, 0.0).run
    full = RunReader(RunPaths(tmp_path / live.id), series=True).poll()
    read = reading(monkeypatch)
    states = Catalogue(tmp_path).poll(full)
    assert read == [other.id]
    assert states[1] == dataclasses.replace(full, series={}, vitals=Vitals())


def test_a_folder_becomes_a_run_when_its_record_is_there(tmp_path):
    catalogue = Catalogue(tmp_path)
    assert catalogue.ids() == []
    made = finished(tmp_path / "elsewhere", "2026-01-01T0000-a-aaaa", 10)
    folder = tmp_path / made.id
    folder.mkdir()
    os.utime(tmp_path, (1, 1))
    assert catalogue.ids() == []
    (folder / "run.json").write_bytes(made.run_json.read_bytes())
    os.utime(tmp_path, (1, 1))
    assert catalogue.ids() == [made.id]
