"""Killed in the middle of saving 200 MB: a whole checkpoint is always there, and no orphan after the next start."""

import os
import random
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from support import saver

from cockpit.recorder.durable import DurableSave
from cockpit.runs.pickle_peek import peek

pytestmark = pytest.mark.slow
MEGABYTES = 200
OTHER = Path("/dev/shm")


def another_filesystem(folder):
    if not OTHER.is_dir() or OTHER.stat().st_dev == folder.stat().st_dev:
        pytest.skip("there is no second filesystem here that anybody may write to")
    if shutil.disk_usage(OTHER).free < 4 * MEGABYTES << 20:
        pytest.skip(f"{OTHER} has no room for a checkpoint of {MEGABYTES} MB")


def whole(path):
    with zipfile.ZipFile(path) as archive:
        return archive.testzip() is None


@pytest.mark.parametrize("filesystems", ["one", "two"])
def test_kills_during_saves(tmp_path, loops, filesystems):
    folder, temporary = tmp_path / "checkpoints", tmp_path / "tmp"
    folder.mkdir()
    if filesystems == "two":
        another_filesystem(tmp_path)
        temporary = OTHER / f"cockpit-{os.getpid()}"
    temporary.mkdir()
    chance = random.Random(filesystems)
    environment = os.environ | {"TMPDIR": str(temporary)}
    try:
        left = 0
        for _ in range(loops(5, 50)):
            orphans = {path.name for path in folder.iterdir() if path.suffix != ".ckpt"}
            left += len(orphans)
            process = subprocess.Popen(
                [sys.executable, saver.__file__, folder, str(MEGABYTES)],
                env=environment, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            saved, begun, took = [], 0.0, 0.0
            for line in process.stdout:
                if line.startswith("saving") and saved:
                    break
                if line.startswith("saved"):
                    saved.append(line)
                    took = time.monotonic() - begun
                begun = time.monotonic()
            assert not orphans & {path.name for path in folder.iterdir()}
            time.sleep(took * chance.random())  # somewhere within the save that has begun
            process.kill()
            saved += [line for line in process.stdout if line.startswith("saved")]
            process.wait()
            last = Path(saved[-1].split()[1])
            there = sorted(folder.glob("*.ckpt"), key=lambda path: int(path.stem))
            assert last in there or int(there[-1].stem) > int(last.stem)
            assert all(whole(path) for path in there)
            assert peek(there[-1:])[there[-1]]["step"] == int(there[-1].stem)
        assert left, "no kill has hit a save"
        assert not [path for path in temporary.rglob("*") if path.is_file()]
    finally:
        if filesystems == "two":
            shutil.rmtree(temporary)


class Io:
    """Saves a file, or finds the disk full."""

    full = False

    def save_checkpoint(self, checkpoint, path, storage_options=None):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", checkpoint)
        if self.full:
            raise OSError(28, "No space left on device")

    def remove_checkpoint(self, path):
        Path(path).unlink()


def test_nothing_good_is_removed_for_what_was_not_saved(tmp_path):
    inner, told = Io(), []
    io = DurableSave(
        inner, saving=lambda path: None, saved=lambda path, *_: told.append(f"saved {path.name}"),
        failed=lambda path, error: told.append(f"failed {path.name}"),
        removed=lambda path: told.append(f"removed {path.name}"),
    )  # fmt: skip
    for number, full in enumerate((False, True, True, False)):
        inner.full = full
        io.save_checkpoint(b"", tmp_path / f"{number}.ckpt")
        if number == 1:
            io.remove_checkpoint(tmp_path / "0.ckpt")
        assert [path.name for path in tmp_path.glob("*.ckpt")] == (["3.ckpt"] if number == 3 else ["0.ckpt"])
    assert told == ["saved 0.ckpt", "failed 1.ckpt", "failed 2.ckpt", "saved 3.ckpt", "removed 0.ckpt"]
