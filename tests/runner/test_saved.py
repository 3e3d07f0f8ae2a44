"""What a followed script saves: told by its name and its time, when it is at rest, and only where it is its own."""

import json
import os
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from support.fake_trainer import checkpoint_of
from support.fakes import launch

from cockpit.domain.checkpoint import newest_trustworthy
from cockpit.domain.retention import Keep, superfluous
from cockpit.runner.saved import Checkpoints, SavedFiles
from cockpit.runs.checkpoints import inspect_checkpoints
from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import ENV_RUN_DIR
from cockpit.runs.reader import RunReader
from cockpit.runs.record import create_run
from cockpit.sources.walk import Walk


class Script:
    """A folder in which somebody saves, and the run that looks on."""

    def __init__(self, folder):
        self.run, self.folder = (
            create_run(folder / "runs", launch(framework="PyTorch"), None),
            folder / "data" / "project",
        )
        self.folder.mkdir(parents=True)
        self.walk = Walk([self.folder], [Checkpoints(self.folder)])
        journal = JournalWriter(self.run.tailed_journal)
        self.saved = SavedFiles(self.run, journal, self.folder, 2, time.time() - 60)

    def save(self, name, content=b"PK", *, age=0.0):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (time.time() - age,) * 2)
        return path

    def look(self, times=2, *, last=False):
        for _ in range(times):
            self.saved.look([found.path for _, found in self.walk.look()], last=last)
        return self.state.checkpoints

    @property
    def state(self):
        return RunReader(self.run).poll()

    @property
    def reports(self):
        return {report.checkpoint.name: report for report in inspect_checkpoints(self.run, self.state)}

    @property
    def events(self):
        return [json.loads(line) for line in self.run.tailed_journal.read_text().splitlines()]


def tensors(missing=0):
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(8 - missing)


@pytest.fixture
def script(tmp_path):
    return Script(tmp_path)


@pytest.mark.parametrize(
    ("name", "step", "epoch"),
    [
        ("model.pt", None, None), ("model_step_1200.pth", 1200, None), ("out/ckpt-epoch=3-step=40.ckpt", 40, 3),
        ("a/b/epoch_7.safetensors", None, 7), ("iter-000250.pt", 250, None), ("resnet50.pt", None, None),
    ],
)  # fmt: skip
def test_a_file_is_told_with_what_its_name_says(script, name, step, epoch):
    path = script.save(name)
    (found,) = script.look()
    assert (found.name, found.path, found.step, found.epoch) == (name, str(path), step, epoch)
    assert (found.followed, found.attempt, found.bytes) == (True, 2, 2)


@pytest.mark.parametrize(
    "name", ["data/train.pt", "cache/x.safetensors", "notes.txt", ".model.pt", ".hidden/model.pt",
             "model-00001-of-00003.safetensors", "model.pt.tmp"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_not_told(script, name):
    script.save(name)
    assert script.look() == ()


def test_what_was_there_before_is_not_told_until_it_is_written_anew(script):
    script.save("model.pt", age=3600)
    assert script.look(5) == ()
    script.save("model.pt", b"PK anew")
    assert [found.bytes for found in script.look()] == [7]


def test_one_that_is_being_written_is_waited_for_and_at_the_end_it_is_not(script):
    path = script.save("model.pt")
    assert script.look(1) == ()
    for size in (100, 200):
        path.write_bytes(bytes(size))
        assert script.look(1) == ()
    assert len(script.look(1, last=True)) == 1


def test_one_that_is_saved_again_and_again_is_one(script):
    for content in (b"PK", b"PK2", b"PK23"):
        script.save("last.pt", content)
        assert [found.bytes for found in script.look(3)] == [len(content)]
    assert len(script.events) == 3


def test_a_folder_of_transformers_is_one_with_the_step_that_it_tells(script):
    script.save("out/checkpoint-30/trainer_state.json", b'{"global_step": 30, "epoch": 1.5}')
    script.save("out/checkpoint-30/model.safetensors", tensors())
    (found,) = script.look()
    assert (found.name, found.step, found.epoch) == ("out/checkpoint-30", 30, 1)
    assert script.reports["out/checkpoint-30"].verified
    script.save("out/checkpoint-30/model.safetensors", tensors(missing=3))
    report = script.reports["out/checkpoint-30"]
    assert (report.guarantee, "torn" in report.reason) == ("unsafe", True)


def test_a_state_that_accelerate_has_saved_is_one_with_what_its_name_tells(script):
    script.save("out/epoch_3/model.safetensors", tensors())
    (early,) = script.look()
    assert early.name == "out/epoch_3/model.safetensors"  # nobody knows yet that there will be more
    script.save("out/epoch_3/optimizer.bin", checkpoint_of(1))
    script.save("out/epoch_3/random_states_0.pkl", checkpoint_of(1))
    (found,) = script.look()
    assert (found.name, found.step, found.epoch) == ("out/epoch_3", None, 3)
    report = script.reports["out/epoch_3"]
    assert (report.guarantee, report.verified) == ("unknown", True)
    script.save("out/epoch_3/optimizer.bin", checkpoint_of(1)[:-30])
    script.look()
    assert "torn" in script.reports["out/epoch_3"].reason


def test_what_each_is_worth(script):
    script.save("whole.pt", checkpoint_of(40))
    script.save("torn.pt", checkpoint_of(40)[:-30])
    script.save("whole.safetensors", tensors())
    script.save("torn.safetensors", tensors(missing=1))
    script.save("a/whole.pt", checkpoint_of(50)[:-30])
    script.look()
    worth = {name: report.guarantee for name, report in script.reports.items()}
    assert worth == {
        "whole.pt": "unknown", "torn.pt": "unsafe", "whole.safetensors": "unknown", "torn.safetensors": "unsafe",
        "a/whole.pt": "unsafe",
    }  # fmt: skip
    assert all("torn" in script.reports[name].reason for name in ("torn.pt", "torn.safetensors", "a/whole.pt"))
    assert script.reports["whole.pt"].checkpoint.step == 40


def test_one_that_is_removed_is_listed_no_more(script):
    path = script.save("model.pt")
    assert len(script.look()) == 1
    path.unlink()
    assert script.look() == ()


def test_none_is_ever_too_many_for_whoever_cleans_up(script):
    script.save("model.pt", checkpoint_of(40))
    script.look()
    reports = tuple(script.reports.values())
    assert newest_trustworthy(reports) is not None
    assert superfluous(reports, Keep(every=1000)) == ()
    own = replace(reports[0], checkpoint=replace(reports[0].checkpoint, followed=False))
    assert superfluous((own,), Keep(every=1000)) == (own,)


def test_while_another_run_works_beside_nothing_is_claimed_nor_later(script):
    other = subprocess.Popen(
        [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"], cwd=script.folder,
        env=os.environ | {ENV_RUN_DIR: str(script.run.root.parent / "other")}, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        other.stdout.readline()
        script.save("theirs.pt")
        assert script.look(3) == ()
    finally:
        other.kill()
        other.wait()
    assert script.look(3) == ()
    script.save("mine.pt")
    assert [Path(found.path).name for found in script.look()] == ["mine.pt"]
