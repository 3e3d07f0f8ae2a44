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
    """The rows, by alternating windows over one live run."""
    live, over = place / "live", place / "over"
    finished(over / "runs", "2026-01-01T0000-bench-aaaa", 2_000)
    live.mkdir(parents=True)
    trainer = subprocess.Popen([PYTHON, str(HERE / "live_trainer.py"), str(live / "runs")])
    ours, theirs, cpu, theirs_cpu, silent = [], [], [], [], []
    try:
        for _ in range(max(1, rounds // 3)):
            with Meter([COCKPIT], cwd=live) as meter:
                meter.wait(lambda screen: "RUNNING" in screen)
                window = _watched(meter)
            ours.append(window.bytes / window.seconds)
            cpu.append(100 * window.cpu_seconds / window.seconds)
            with Meter([PYTHON, str(HERE / "plotext_app.py"), str(next((live / "runs").iterdir()))]) as meter:
                meter.wait(lambda screen: "step" in screen)
                window = _watched(meter)
            theirs.append(window.bytes / window.seconds)
            theirs_cpu.append(100 * window.cpu_seconds / window.seconds)
            with Meter([COCKPIT], cwd=over) as meter:
                meter.wait(lambda screen: "FINISHED" in screen)
                silent.append(_watched(meter).bytes / WINDOW)
    finally:
        trainer.kill()
        trainer.wait()
    a, b, c, d, e = (median(values) for values in (ours, theirs, silent, cpu, theirs_cpu))
    return [
        Row("to the terminal, 20 steps/s, 140×40", f"{a:,.0f} B/s", "textual-plotext", f"{b:,.0f} B/s",
            f"{b / a:.0f}× less", "≤ 1 kB/s", a <= 1_000),
        Row("to the terminal, finished run", f"{c:,.0f} B/s", "", "", "", "0", c == 0),
        Row("processor, live", f"{d:.1f} %", "textual-plotext", f"{e:.1f} %", f"{e / d:.0f}× less", "≤ 4 %", d <= 4),
    ]  # fmt: skip


def _watched(meter: Meter) -> Window:
    time.sleep(SETTLE)
    return meter.watch(WINDOW)
