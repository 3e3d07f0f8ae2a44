"""A run under way, watched: bytes to the terminal and processor time, and that a finished one is silent."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from meter import Meter, Window
from scenes import finished
from table import COCKPIT, HERE, PYTHON, Row, median

WINDOW = 20.0  # seconds watched
SETTLE = 4.0  # seconds until everything that is looked at once has been


def measure(place: Path, rounds: int) -> list[Row]:
    """The rows: a finished run while nothing else goes on, then alternating windows over one live run."""
    live, over = place / "live", place / "over"
    live.mkdir(parents=True)
    finished(over / "runs", "2026-01-01T0000-bench-aaaa", 2_000)
    rounds = max(1, rounds // 3)
    silent = [_bytes(_watched([COCKPIT], over, "FINISHED")) for _ in range(rounds)]
    ours, theirs = [], []
    trainer = subprocess.Popen([PYTHON, str(HERE / "live_trainer.py"), str(live / "runs")])
    try:
        for _ in range(rounds):
            ours.append(_watched([COCKPIT], live, "RUNNING"))
            run = next((live / "runs").iterdir())
            theirs.append(_watched([PYTHON, str(HERE / "plotext_app.py"), str(run)], live, "step"))
    finally:
        trainer.kill()
        trainer.wait()
    a, b, c = median(map(_bytes, ours)), median(map(_bytes, theirs)), median(silent)
    d, e = median(map(_processor, ours)), median(map(_processor, theirs))
    return [
        Row("to the terminal, 20 steps/s, 140×40", f"{a:,.0f} B/s", "textual-plotext", f"{b:,.0f} B/s",
            f"{b / a:.0f}× less", "≤ 1 kB/s", a <= 1_000),
        Row("to the terminal, finished run", f"{c:,.0f} B/s", "", "", "", "0", c == 0),
        Row("processor, live", f"{d:.1f} %", "textual-plotext", f"{e:.1f} %", f"{e / d:.0f}× less", "≤ 4 %", d <= 4),
    ]  # fmt: skip


def _watched(command: list[str], cwd: Path, word: str) -> Window:
    with Meter(command, cwd=cwd) as meter:
        meter.wait(lambda screen: word in screen)
        time.sleep(SETTLE)
        return meter.watch(WINDOW)


def _bytes(window: Window) -> float:
    return window.bytes / window.seconds


def _processor(window: Window) -> float:
    return 100 * window.cpu_seconds / window.seconds
