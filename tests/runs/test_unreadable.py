"""What cannot be read now is told, and nothing is taken for an end; what was known stays."""

import pytest
from benchmarks.scenes import finished

from cockpit.domain.state import State
from cockpit.runs import requests
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader


@pytest.fixture
def run(tmp_path):
    return finished(tmp_path / "runs", "2026-01-01T0000-a-1111", 300)


@pytest.mark.parametrize("series", [False, True])
@pytest.mark.parametrize("name", ["journal", "runner_journal", "scalars", "host", "notes", "requests"])
def test_a_file_that_the_file_system_refuses(run, name, series):
    reader = RunReader(run, series=series)
    known = reader.poll()
    path = getattr(run, name)
    if path.is_dir():
        path.rmdir()
        path.touch()  # a file where a folder should be
    else:
        path.unlink(missing_ok=True)
        path.mkdir()
    state = reader.poll()
    assert state.state is State.UNKNOWN
    assert state.evidence.startswith(f"{path}: ")
    assert state.step == known.step == 300


def test_a_run_of_which_nothing_could_be_read_yet(run):
    run.journal.unlink()
    run.journal.mkdir()
    state = RunReader(run).poll()
    assert (state.id, state.state, state.step) == (run.id, State.UNKNOWN, None)


@pytest.mark.parametrize("content", ['{"schema": "2"}', "[" * 100_000, "[]", "{}"], ids=lambda text: text[:20])
def test_a_record_that_is_none(run, content):
    run.run_json.write_text(content)
    assert RunReader(run).poll().state is State.UNKNOWN


@pytest.mark.parametrize("time", ["1" + "0" * 400, "[" * 100_000], ids=["a huge number", "nested without end"])
def test_a_request_that_is_none_waits_for_nothing(run, time):
    (run.requests / "1.json").write_text(f'{{"id": "1", "verb": "stop", "t": {time}}}')
    assert requests.pending(RunPaths(run.root), ()) == []
