"""Checkpoints are made durable without taking one away from somebody whose ``CheckpointIO`` saves in another way."""

import errno
import zipfile
from pathlib import Path
from unittest.mock import Mock

import fsspec
import pytest
import torch
from lightning.pytorch.plugins.io import AsyncCheckpointIO, CheckpointIO, TorchCheckpointIO

from cockpit.recorder.durable import DurableSave

CHECKPOINT = {"global_step": 3, "state_dict": {"w": torch.ones(1000)}}


class Told:
    """What a save is told to have become, and who saves."""

    def __init__(self, inner):
        self.saved, self.failed, self.removed = [], [], []  # names; of what is saved also bytes, and whether checked
        self.io = DurableSave(
            inner, saving=lambda path: None, saved=self._on_saved, failed=self._on_failed,
            removed=lambda path: self.removed.append(Path(path).name),
        )  # fmt: skip

    def _on_saved(self, path, count, seconds, checked):
        self.saved.append((Path(path).name, count, checked))

    def _on_failed(self, path, error):
        self.failed.append(Path(path).name)


class TextIO(CheckpointIO):
    """Saves what is no archive."""

    def save_checkpoint(self, checkpoint, path, storage_options=None):
        Path(path).write_text("weights as text")

    def load_checkpoint(self, path, map_location=None, weights_only=None):
        return Path(path).read_text()

    def remove_checkpoint(self, path):
        Path(path).unlink()


class FolderIO(TextIO):
    """Saves a folder, over the one before."""

    def save_checkpoint(self, checkpoint, path, storage_options=None):
        Path(path).mkdir(exist_ok=True)
        (Path(path) / "shard-0").write_text("half")
        (Path(path) / "shard-1").write_text("the rest")


@pytest.mark.parametrize("inner", [TorchCheckpointIO(), AsyncCheckpointIO(TorchCheckpointIO())], ids=["torch", "async"])
def test_lightnings_own_saves_are_whole_when_they_are_told(tmp_path, inner):
    told = Told(inner)
    for _ in range(3):
        told.io.save_checkpoint(CHECKPOINT, tmp_path / "last.ckpt")
        with zipfile.ZipFile(tmp_path / "last.ckpt") as archive:
            assert archive.testzip() is None
    assert told.saved == [("last.ckpt", (tmp_path / "last.ckpt").stat().st_size, True)] * 3
    assert not told.failed
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


@pytest.mark.parametrize(
    ("inner", "size"),
    [(TextIO(), 15), (FolderIO(), 12), (AsyncCheckpointIO(TextIO()), 15)],
    ids=["file", "folder", "file, on a thread"],
)
def test_what_somebody_saves_in_a_way_of_their_own_stays_as_they_save_it(tmp_path, inner, size):
    told = Told(inner)
    for _ in range(2):
        told.io.save_checkpoint(CHECKPOINT, tmp_path / "last.ckpt")
    assert told.saved == [("last.ckpt", size, False)] * 2
    assert not told.failed
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


def test_what_is_saved_at_an_address_goes_there_and_no_size_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = Told(TorchCheckpointIO())
    told.io.save_checkpoint(CHECKPOINT, "memory://bucket/last.ckpt")
    assert fsspec.filesystem("memory").exists("/bucket/last.ckpt")
    assert told.saved == [("last.ckpt", None, False)]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("inner", [TorchCheckpointIO(), TextIO()], ids=["torch", "own"])
def test_nothing_good_is_removed_for_what_was_not_saved(tmp_path, monkeypatch, inner):
    told, full = Told(inner), OSError(errno.ENOSPC, "No space left on device")
    for number, failing in enumerate((False, True, True, False)):
        with monkeypatch.context() as patch:
            if failing:
                patch.setattr(torch, "save", Mock(side_effect=full))
                patch.setattr(Path, "write_text", Mock(side_effect=full))
            told.io.save_checkpoint(CHECKPOINT, tmp_path / f"{number}.ckpt")
        if number == 1:
            told.io.remove_checkpoint(tmp_path / "0.ckpt")
        assert [path.name for path in tmp_path.iterdir()] == (["3.ckpt"] if number == 3 else ["0.ckpt"])
    assert [name for name, *_ in told.saved] == ["0.ckpt", "3.ckpt"]
    assert told.failed == ["1.ckpt", "2.ckpt"]
    assert told.removed == ["0.ckpt"]
