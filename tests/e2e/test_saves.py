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
