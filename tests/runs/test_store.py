"""Runs are found by id, prefix and ``latest``; what cannot be found is told with what can."""

import os

import pytest

from cockpit.errors import RunNotFound
from cockpit.runs.store import Catalogue, find_run, run_folders


@pytest.fixture
def folder(tmp_path):
    for name in ("2026-01-01T0000-a-1111", "2026-01-02T0000-b-2222", "2026-01-03T0000-b-22aa", "not-a-run"):
        (tmp_path / name).mkdir()
        if name != "not-a-run":
            (tmp_path / name / "run.json").write_text("{}")
    return tmp_path


def test_newest_first(folder):
    assert [run.id[-4:] for run in run_folders(folder)] == ["22aa", "2222", "1111"]


def test_of_one_minute_the_newer_is_first(folder):
    for age, name in enumerate(("2026-01-04T0000-train-0000", "2026-01-04T0000-nan-ffff", "2026-01-04T0000-zero-1234")):
        (folder / name).mkdir()
        (folder / name / "run.json").write_text("{}")
        os.utime(folder / name / "run.json", (1000 - age, 1000 - age))
    assert [run.id[16:] for run in run_folders(folder)][:3] == ["train-0000", "nan-ffff", "zero-1234"]
    assert Catalogue(folder).ids()[:3] == [run.id for run in run_folders(folder)][:3]
    assert find_run(folder, "latest").id.endswith("train-0000")


@pytest.mark.parametrize(
    ("reference", "found"), [("latest", "22aa"), ("1111", "1111"), ("2026-01-02", "2222"), ("222", "2222")]
)
def test_found_by(folder, reference, found):
    assert find_run(folder, reference).id.endswith(found)


@pytest.mark.parametrize(("reference", "why"), [("22", "could be"), ("zz", "No run answers"), ("", "No run answers")])
def test_not_found(folder, reference, why):
    with pytest.raises(RunNotFound, match=why):
        find_run(folder, reference)


def test_no_runs_at_all(tmp_path):
    with pytest.raises(RunNotFound, match="no run"):
        find_run(tmp_path / "none", "latest")
