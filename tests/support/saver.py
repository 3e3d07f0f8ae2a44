"""Saves checkpoints as a training does, one after the other, until it is killed: ``python saver.py FOLDER MEGABYTES``.

Each replaces the one before, as ``ModelCheckpoint(save_top_k=1)`` does. A line is printed before and after each save.
"""

import sys
from pathlib import Path

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from cockpit.recorder.durable import DurableSave, remove_leftovers

FLOATS = 1 << 18  # of a megabyte


def say(word, path):
    print(word, path, flush=True)


if __name__ == "__main__":
    folder, megabytes = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    remove_leftovers(folder)
    io = DurableSave(
        TorchCheckpointIO(), saving=lambda path: say("saving", path), saved=lambda path, *_: say("saved", path),
        failed=lambda path, error: say("failed", error), removed=lambda path: say("removed", path),
    )  # fmt: skip
    before = [int(path.stem) for path in folder.glob("*.ckpt")]
    number = max(before, default=0)
    while True:
        number += 1
        weights = torch.full((megabytes, FLOATS), float(number))
        io.save_checkpoint({"global_step": number, "state_dict": {"w": weights}}, folder / f"{number}.ckpt")
        for old in folder.glob("*.ckpt"):
            if int(old.stem) < number:
                io.remove_checkpoint(old)
