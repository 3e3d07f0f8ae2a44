"""Checkpoints beside the records of others: which are told, and that they are listed again only when some came."""

import os

from cockpit.sources import beside
from cockpit.sources.beside import Beside


def saved(folder, name, time, content=b"x"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    os.utime(folder / name, (time, time))


def test_files_and_folders_newest_first_and_nothing_else(tmp_path):
    saved(tmp_path / "checkpoints", "epoch=1-step=200.ckpt", 300.0, b"xyz")
    saved(tmp_path / "checkpoints", "model_step_100.pt", 200.0)
    saved(tmp_path / "checkpoints", "best.pth", 100.0)
    saved(tmp_path / "checkpoints", ".step=9.ckpt", 400.0)
    saved(tmp_path / "checkpoints", "readme.md", 400.0)
    (tmp_path / "checkpoints" / "last.ckpt").symlink_to("epoch=1-step=200.ckpt")
    (tmp_path / "checkpoints" / "folder.ckpt").mkdir()
    saved(tmp_path / "checkpoint-7", "trainer_state.json", 1.0)
    os.utime(tmp_path / "checkpoint-7", (500.0, 500.0))
    (tmp_path / "checkpoint-8").mkdir()  # still without its last file
    found = Beside().look([tmp_path, tmp_path / "not there"])
    assert [(c.name, c.step, c.epoch, c.time) for c in found] == [
        ("checkpoint-7", 7, None, 500.0), ("epoch=1-step=200.ckpt", 200, 1, 300.0),
        ("model_step_100.pt", 100, None, 200.0), ("best.pth", None, None, 100.0),
    ]  # fmt: skip
    assert found[1].bytes == 3


def test_those_from_before_a_time_are_another_trainings(tmp_path):
    saved(tmp_path / "checkpoints", "step=1.ckpt", 100.0)
    saved(tmp_path / "checkpoints", "step=2.ckpt", 200.0)
    assert [c.step for c in Beside().look([tmp_path], since=150.0)] == [2]


def test_a_folder_that_stays_as_it_is_is_not_listed_again(tmp_path, monkeypatch):
    saved(tmp_path / "checkpoints", "step=1.ckpt", 100.0)
    for folder in (tmp_path / "checkpoints", tmp_path):
        os.utime(folder, (1000.0, 1000.0))
    look = Beside()
    (first,) = look.look([tmp_path])
    with monkeypatch.context() as patched:
        patched.setattr(beside.os, "scandir", None)
        assert look.look([tmp_path]) == (first,)
    saved(tmp_path / "checkpoints", "step=2.ckpt", 200.0)
    assert [c.step for c in look.look([tmp_path])] == [2, 1]


def test_one_that_is_still_being_written_is_looked_at_again(tmp_path):
    (tmp_path / "checkpoint-8").mkdir()
    os.utime(tmp_path, (1000.0, 1000.0))
    look = Beside()
    assert look.look([tmp_path]) == ()
    (tmp_path / "checkpoint-8" / "trainer_state.json").touch()  # which does not change the folder above
    os.utime(tmp_path, (1000.0, 1000.0))
    assert [c.step for c in look.look([tmp_path])] == [8]
