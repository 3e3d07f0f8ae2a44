"""A million scalars in TensorBoard's own files: reading them as ``cockpit watch`` does, and as TensorBoard does."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from scenes import event_file
from table import PYTHON, Row, median

POINTS = 1_000_000
_OURS = """
import sys, time
from pathlib import Path
from cockpit.sources.tfevents import TfEventsTail
began = time.monotonic()
tail, count, more = TfEventsTail(Path(sys.argv[1])), 0, True
while more:
    news = tail.poll()
    count, more = count + sum(len(points.values) for points in news.items), news.more
assert (count, news.told.bad) == (int(sys.argv[2]), 0)
print(time.monotonic() - began)
"""
_THEIRS = """
import sys, time
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
began = time.monotonic()
accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
accumulator.Reload()
assert len(accumulator.Scalars("train/loss")) == int(sys.argv[2])
print(time.monotonic() - began)
"""


def measure(place: Path, rounds: int) -> list[Row]:
    """The row; TensorBoard, which takes long, gets one turn for every three of ours."""
    noise = random.Random(7)
    event_file(place, [noise.random() for _ in range(POINTS)])
    ours, theirs = [], []
    for number in range(rounds):
        ours.append(_seconds(_OURS, place))
        if number % 3 == 0:
            theirs.append(_seconds(_THEIRS, place))
    a, b = median(ours), median(theirs)
    return [
        Row("event file, 1 M scalars, checksums", f"{a:.2f} s", "EventAccumulator", f"{b:.1f} s",
            f"{b / a:.0f}× faster", "≤ 2 s", a <= 2)
    ]  # fmt: skip


def _seconds(script: str, place: Path) -> float:
    done = subprocess.run([PYTHON, "-c", script, place, str(POINTS)], check=True, capture_output=True, text=True)
    return float(done.stdout)
