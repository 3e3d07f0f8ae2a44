"""How soon something is seen: the first paint, the help, the list of many runs."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from meter import Meter
from scenes import finished, many
from table import COCKPIT, HERE, PYTHON, Row, median

MANY = 10_000


def measure(place: Path, rounds: int) -> list[Row]:
    """The rows, by ``rounds`` alternating starts."""
    few, crowd = place / "few", place / "crowd"
    for number in range(3):
        finished(few / "runs", f"2026-01-0{number + 1}T0000-bench-000{number}", 2_000)
    many(crowd / "runs", MANY)
    bare, ours, helps, lists = [], [], [], []
    for _ in range(rounds):
        with Meter([PYTHON, str(HERE / "bare.py")]) as meter:
            bare.append(meter.first_paint())
        with Meter([COCKPIT], cwd=few) as meter:
            ours.append(meter.first_paint())
        helps.append(_seconds([COCKPIT, "--help"], few))
        lists.append(_seconds([COCKPIT, "runs"], crowd))
    a, b, c, d = (median(times) for times in (ours, bare, helps, lists))
    return [
        Row("first paint, 3 runs", f"{a:.2f} s", "bare Textual", f"{b:.2f} s", f"{a / b:.2f}×", "≤ 1.5×", a <= 1.5 * b),
        Row("cockpit --help", f"{c:.2f} s", "", "", "", "≤ 0.15 s", c <= 0.15),
        Row(f"cockpit runs, {MANY:,} runs", f"{d:.2f} s", "", "", "", "≤ 0.5 s", d <= 0.5),
    ]


def _seconds(command: list[str], cwd: Path) -> float:
    began = time.monotonic()
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)
    return time.monotonic() - began
