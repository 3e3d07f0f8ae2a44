"""Pairs of real Lightning fits on one run directory at the same moment: ``python trainer_pairs.py FOLDER COUNT``.

Forked from one process, so that a pair costs no import. Prints the two exit codes of each pair.
"""

import os
import sys
import time
from pathlib import Path

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.demos.boring_classes import BoringModel

from cockpit.runs.layout import ENV_ATTEMPT, ENV_RUN_DIR, RunPaths

RELEASE = "release"  # once this file is there, a fit may end


class Waiting(BoringModel):
    """Trains until it is released."""

    def on_train_batch_end(self, *_):
        time.sleep(0.005)
        self.trainer.should_stop = (self.folder / RELEASE).exists()


def fit(folder, barrier):
    os.environ |= {ENV_RUN_DIR: str(folder), ENV_ATTEMPT: "1"}
    trainer = Trainer(
        max_epochs=-1, accelerator="cpu", devices=1, logger=False, enable_progress_bar=False,
        enable_model_summary=False, enable_checkpointing=False, limit_val_batches=0,
    )  # fmt: skip
    model = Waiting()
    model.folder = folder
    os.read(barrier, 1)
    trainer.fit(model)


def child(folder, barrier):
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        fit(folder, barrier)
        code = 0
    except SystemExit as leaving:
        code = leaving.code
    finally:
        os._exit(code)


def pair(folder):
    """Both at once; the one that stays is released when the other has left."""
    run = RunPaths(folder)
    run.requests.mkdir(parents=True)
    readable, writable = os.pipe()
    pids = {child(folder, readable) for _ in range(2)}
    os.write(writable, b"go")
    _, first = os.waitpid(-1, 0)
    (folder / RELEASE).touch()
    _, second = os.waitpid(-1, 0)
    os.close(readable)
    os.close(writable)
    return len(pids), os.waitstatus_to_exitcode(first), os.waitstatus_to_exitcode(second)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for number in range(int(sys.argv[2])):
        print(*pair(Path(sys.argv[1]) / str(number)), flush=True)
