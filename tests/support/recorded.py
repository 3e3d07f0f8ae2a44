"""Runs of the shipped trainers as they were recorded, played again: what a reader saw at any moment of them.

``tests/recorded/NAME.tar.xz`` holds the four files of a run that grow. To make one: ``python tests/support/recorded.py
RUN_DIR NAME``.
"""

import json
import lzma
import sys
import tarfile
from pathlib import Path

from support.fakes import launch

from cockpit.domain.lifecycle import Life
from cockpit.runs import files, life
from cockpit.runs.layout import RunPaths
from cockpit.runs.reader import RunReader
from cockpit.runs.scalars import RECORD

FOLDER = Path(__file__).parent.parent / "recorded"
_JOURNALS, _SCALARS = ("journal.jsonl", "runner.jsonl"), ("scalars.bin", "host.bin")


class Replay:
    """A recorded run, cut off at any time; the trainer is believed to live until the end."""

    def __init__(self, name, folder):
        with tarfile.open(FOLDER / f"{name}.tar.xz") as archive:
            archive.extractall(folder / "whole", filter="data")
        self._whole, self._run = folder / "whole", RunPaths(folder / name)
        self._run.root.mkdir()
        times = [json.loads(line)["t"] for line in (self._whole / "journal.jsonl").read_text().splitlines()]
        self.begin, self.end = times[0], times[-1]

    def at(self, now, monkeypatch):
        """The state as it was at ``now``."""
        monkeypatch.setattr(life, "life", lambda launched, *_: Life.ALIVE if launched else Life.UNSEEN)
        monkeypatch.setattr(files, "read_launch", lambda run: launch(seed=42, packages={"torch": "2.13.0"}))
        for name in _JOURNALS:
            lines = (self._whole / name).read_bytes().splitlines(keepends=True)
            (self._run.root / name).write_bytes(b"".join(line for line in lines if json.loads(line)["t"] <= now))
        for name in _SCALARS:
            data = (self._whole / name).read_bytes()
            kept = [record for record in RECORD.iter_unpack(data) if record[1] <= now]
            (self._run.root / name).write_bytes(b"".join(RECORD.pack(*record) for record in kept))
        self._touch_checkpoints()
        return RunReader(self._run, clock=lambda: now).poll()

    def _touch_checkpoints(self):
        """A reader lists those that exist; their content is not looked at."""
        there = set()
        for line in (self._run.root / "journal.jsonl").read_text().splitlines():
            event = json.loads(line)
            if event["event"] == "checkpoint":
                there.add(event["path"])
            elif event["event"] == "checkpoint_gone":
                there.discard(event["path"])
        for path in there:
            (self._run.root / path).parent.mkdir(exist_ok=True)
            (self._run.root / path).touch()


def record(run, name):
    FOLDER.mkdir(exist_ok=True)
    with lzma.open(FOLDER / f"{name}.tar.xz", "wb", preset=9) as file, tarfile.open(fileobj=file, mode="w") as archive:
        for each in (*_JOURNALS, *_SCALARS):
            archive.add(Path(run) / each, each, filter=_anonymous)


def _anonymous(info):
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    return info


if __name__ == "__main__":
    record(sys.argv[1], sys.argv[2])
