"""What is found below folders, when, and what is told of it."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from support.event_files import scalar
from support.fakes import launch

from cockpit.domain.state import State
from cockpit.runs.journal import JournalWriter
from cockpit.runs.record import create_run
from cockpit.sources import source
from cockpit.sources import watch as watching
from cockpit.sources.own import OwnRuns
from cockpit.sources.source import Found, sources
from cockpit.sources.walk import Walk
from cockpit.sources.watch import Watch

COCKPIT = str(Path(sys.executable).parent / "cockpit")


def events(folder, steps=10, begun=1000.0, name="events.out.tfevents.1.host"):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / name, "ab") as file:
        file.write(b"".join(scalar("train/loss", step, 1.0, begun + step) for step in range(steps)))
    return folder


def csv_log(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.csv").write_text("epoch,step,train_loss,val_loss\n0,1,0.5,\n0,2,,0.7\n")
    return folder


@pytest.fixture
def at_once(monkeypatch):
    """A walk at every look."""
    monkeypatch.setattr(watching, "_WALK_EVERY", 0.0)


def test_all_formats_are_plug_ins():
    assert {format.name for format in sources()} >= {
        "TensorBoard", "metrics.csv", "LLaMA-Factory", "transformers", "W&B", "MLflow",
    }  # fmt: skip


def test_a_broken_plug_in_is_left_out(monkeypatch):
    class Broken:
        name = "broken"

        def load(self):
            raise ImportError("no such module")

    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: [Broken()])
    source.sources.cache_clear()
    try:
        assert sources() == []
    finally:
        source.sources.cache_clear()


def test_runs_are_found_newest_first_and_later_ones_appear(tmp_path, at_once):
    events(tmp_path / "a" / "one", begun=1000.0)
    events(tmp_path / "a" / "two", begun=2000.0)
    csv_log(tmp_path / "lightning_logs" / "version_0")
    watch = Watch([tmp_path])
    assert [run.name for run in watch.look()] == ["lightning_logs/version_0", "a/two", "a/one"]
    events(tmp_path / "b" / "three", begun=3000.0)
    assert [run.name for run in watch.look()][1] == "b/three"
    (tmp_path / "a" / "one" / "events.out.tfevents.1.host").unlink()
    assert "a/one" not in [run.name for run in watch.look()]


def test_only_the_selected_run_keeps_its_curves_and_both_grow(tmp_path, at_once):
    folder = events(tmp_path / "run", steps=5)
    watch = Watch([tmp_path])
    (run,) = watch.look()
    assert run.series == {}
    assert len(watch.look_at(run.id).series["train/loss"].steps) == 5
    events(folder, steps=9, name="events.out.tfevents.2.host")
    assert watch.look()[0].step == 8
    assert watch.look_at(run.id).series["train/loss"].steps.tolist() == list(range(9))
    assert watch.look_at("another") is None


def test_own_runs_are_read_as_everywhere_and_nothing_is_written(tmp_path, at_once):
    run = create_run(tmp_path / "runs", launch(project=str(tmp_path)), b"")
    JournalWriter(run.journal).write("attach", attempt=1)
    events(run.tensorboard)
    before = sorted(tmp_path.rglob("*"))
    watch = Watch([tmp_path])
    (state,) = watch.look()
    assert (state.id, state.launch.name) == (run.id, "gpt-stdlib")
    assert watch.look_at(run.id).launch is not None
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_several_paths_and_the_same_one_twice(tmp_path, at_once):
    one, two = csv_log(tmp_path / "x" / "one"), csv_log(tmp_path / "y" / "two")
    watch = Watch([one / "metrics.csv", tmp_path / "y", tmp_path / "y" / "two"])
    assert sorted(run.name for run in watch.look()) == ["metrics.csv", "y/two"]
    assert watch.formats == {"metrics.csv": 2}
    assert two.exists()


def test_links_and_hidden_folders_are_not_entered(tmp_path, at_once):
    events(tmp_path / "watched" / ".hidden" / "run")
    events(tmp_path / "elsewhere" / "run")
    (tmp_path / "watched" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "watched" / "loop").symlink_to(tmp_path / "watched")
    assert Watch([tmp_path / "watched"]).look() == ()


def test_a_walk_is_bounded_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("cockpit.sources.walk._MOST", 20)
    for number in range(30):
        (tmp_path / str(number)).mkdir()
    walk = Walk([tmp_path], [OwnRuns(), *sources()])
    walk.look()
    assert walk.cut_short


def test_thousands_of_folders_are_listed_once(tmp_path, monkeypatch):
    for number in range(2000):
        (tmp_path / f"{number // 50}" / f"{number}").mkdir(parents=True)
    csv_log(tmp_path / "3" / "150")
    monkeypatch.setattr("cockpit.sources.walk._TICK", -1)
    walk = Walk([tmp_path], sources())
    assert len(walk.look()) == 1
    listed = []
    monkeypatch.setattr("os.scandir", listed.append)
    assert len(walk.look()) == 1
    assert listed == []


def test_the_command_tells_every_run_as_json(tmp_path):
    events(tmp_path / "run", steps=3)
    csv_log(tmp_path / "log")
    done = subprocess.run([COCKPIT, "watch", tmp_path, "--json"], capture_output=True, text=True, check=True)
    records = {record["name"]: record for record in json.loads(done.stdout)}
    assert records["run"]["state"] == State.WATCHED
    assert (records["log"]["loss"], records["log"]["best"]["value"]) == ({"train": 0.5, "val": 0.7}, 0.7)
    assert records["log"]["metrics"] == {"train_loss": 0.5, "val_loss": 0.7}


def test_two_formats_in_one_folder_are_told_apart(tmp_path, at_once):
    csv_log(events(tmp_path / "version_0"))
    names = {run.name for run in Watch([tmp_path]).look()}
    assert names == {"version_0 · TensorBoard", "version_0 · metrics.csv"}


class Faulty:
    """A plug-in that breaks where it can."""

    name = "faulty"

    def runs(self, path):
        if path.name == "no":
            raise ValueError("[/] no")
        return (Found(path),)

    def open(self, found):
        return self

    def poll(self):
        raise ZeroDivisionError("[/] oh")


def test_none_of_the_many_runs_of_one_database_hides_another(tmp_path, at_once):
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database, database:
        database.execute("CREATE TABLE runs (run_uuid TEXT, lifecycle_stage TEXT, start_time INTEGER)")
        database.executemany("INSERT INTO runs VALUES (?, 'active', 0)", [(f"{n:032x}",) for n in range(2000)])
    watch = Watch([tmp_path])
    for _ in range(2):
        watch.look()
        assert watch.formats == {"MLflow": 2000}


def test_copies_of_one_run_are_two(tmp_path, at_once):
    for copy in ("here", "there"):
        create_run(tmp_path / copy, launch(id="2026-01-01T0000-a-1111"), None)
    watch = Watch([tmp_path])
    states = watch.look_at_all()
    assert {state.path for state in states} == {
        str(tmp_path / copy / "2026-01-01T0000-a-1111") for copy in ("here", "there")
    }


def test_a_faulty_plug_in_harms_nobody(tmp_path, at_once, monkeypatch):
    monkeypatch.setattr(watching, "sources", lambda: [Faulty()])
    (tmp_path / "yes").touch()
    (tmp_path / "no").touch()
    (state,) = Watch([tmp_path]).look_at_all()
    assert "its plug-in failed: ZeroDivisionError" in state.evidence


def test_nothing_of_the_tools_themselves_is_loaded(tmp_path):
    events(tmp_path)
    script = "import sys; from cockpit.cli import main; main(['watch', sys.argv[1], '--json']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "numpy" in loaded
    assert not {"torch", "tensorboard", "wandb", "mlflow", "pandas", "google", "textual", "yaml"} & loaded


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path):
    done = subprocess.run([COCKPIT, "watch", tmp_path / "x"], capture_output=True, text=True, check=False)
    assert (done.returncode, "No such path" in done.stderr) == (2, True)
