"""A loop without a framework that appends to metrics.csv and saves now and then; it ends where a file "end" lies.

python saving_loop.py [--resume-from CHECKPOINT] [--log FILE] [--late SECONDS] [--epoch STEPS] [--tell]
"""

import argparse
import os
import pickle
import time
import zipfile
from pathlib import Path

from cockpit import emit

parser = argparse.ArgumentParser()
parser.add_argument("--resume-from", type=Path)
parser.add_argument("--log", type=Path, default=Path("metrics.csv"))
parser.add_argument("--late", type=float, default=0)
parser.add_argument("--epoch", type=int, default=0)
parser.add_argument("--tell", action="store_true")
words = parser.parse_args()


def load(path):
    with zipfile.ZipFile(path) as archive:
        return pickle.loads(archive.read("archive/data.pkl"))["step"]


def save(step):
    path = Path("out", f"model-step{step}.pt")
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(f"{path}.tmp", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"step": step}, protocol=2))
        archive.writestr("archive/data/0", bytes(100_000))
    os.replace(f"{path}.tmp", path)


step = load(words.resume_from) if words.resume_from else 0
time.sleep(words.late)
words.log.parent.mkdir(parents=True, exist_ok=True)
if not words.log.exists():
    words.log.write_text("step,train_loss\n")
while True:
    shown = step % words.epoch if words.epoch else step
    with words.log.open("a") as file:
        file.write(f"{shown},{2.0 / (1 + step)}\n")
    if words.tell:
        emit(step, loss=2.0 / (1 + step))
    if step and step % 50 == 0:
        save(step)
    if Path("end").exists():
        break
    time.sleep(0.01)
    step += 1
