"""A run of a million scalars: how soon its curve is whole, what it takes to hold, how soon a key is answered."""

from __future__ import annotations

import subprocess
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from meter import Meter, Screen
from scenes import event_file, finished
from table import COCKPIT, HERE, PYTHON, Row, median

POINTS = 1_000_000
KEYS = "lm+-lm+[-"  # logarithm, smoothing, zoom, pan: each draws the chart anew from all points
PRESSES = 18
_LOAD = """
import sys, time
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
began = time.monotonic()
accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
accumulator.Reload()
assert len(accumulator.Scalars("train/loss")) == int(sys.argv[2])
print(time.monotonic() - began)
"""


def measure(place: Path, rounds: int) -> list[Row]:
    """The rows; TensorBoard, which takes long, gets one load for every three starts of the cockpit."""
    run = finished(place / "runs", "2026-01-01T0000-bench-aaaa", POINTS)
    losses = np.fromfile(run.scalars, [("step", "<i8"), ("time", "<f8"), ("value", "<f8"), ("tag", "<u8")])
    event_file(place / "events", losses["value"][losses["tag"] == 0].tolist())
    loads, bare_keys, bare_rss, wholes, keys, rss = [], [], [], [], [], []
    for number in range(rounds):
        if number % 3 == 0:
            loads.append(_event_accumulator(place / "events"))
        with Meter([PYTHON, str(HERE / "bare.py")]) as meter:
            meter.first_paint()
            bare_keys += [meter.press("x") for _ in range(PRESSES)]
            bare_rss.append(meter.rss() / 1e6)
        with Meter([COCKPIT], cwd=place) as meter:
            wholes.append(meter.wait(_whole) - meter.begun)
            meter.wait(lambda screen: "ready ─╮" in screen or "to do ─╮" in screen)
            keys += [meter.press(key) for key in islice(cycle(KEYS), PRESSES)]
            rss.append(meter.rss() / 1e6)
    a, b, c, d, e, f = (median(values) for values in (wholes, loads, rss, bare_rss, keys, bare_keys))
    return [
        Row("start to the whole curve, 1 M scalars", f"{a:.2f} s", "EventAccumulator, load alone", f"{b:.1f} s",
            f"{b / a:.0f}× faster", "≥ 25× faster", b >= 25 * a),
        Row("resident memory with it open", f"{c:.0f} MB", "bare Textual", f"{d:.0f} MB", f"{c / d:.1f}×",
            "≤ 80 MB", c <= 80),
        Row("key to painted answer, 1 M open", f"{e * 1e3:.1f} ms", "bare Textual", f"{f * 1e3:.1f} ms",
            f"{e / f:.1f}×", "≤ 15 ms", e <= 0.015),
    ]  # fmt: skip


def _whole(screen: Screen) -> bool:
    return f"step {POINTS:,}/" in screen


def _event_accumulator(folder: Path) -> float:
    done = subprocess.run([PYTHON, "-c", _LOAD, str(folder), str(POINTS)], check=True, capture_output=True, text=True)
    return float(done.stdout)
