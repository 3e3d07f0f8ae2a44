"""Trains nothing at 20 steps a second: ``python live_trainer.py RUNS_FOLDER`` writes a run until it is killed."""

import sys
import time
from pathlib import Path

from scenes import Recorded

RATE = 20  # steps a second
FLUSH_EVERY = 0.25  # seconds, as the recorder does
BEFORE, TOTAL = 2_000, 20_000  # steps done when it is first looked at, steps planned


def main(runs_folder: Path) -> None:
    """Write a past, then a present."""
    begun = time.time() - BEFORE / RATE
    recorded = Recorded(runs_folder, "2026-01-01T0000-live-aaaa", TOTAL, begun)
    past = range(1, BEFORE + 1)
    recorded.train(past, (begun + step / RATE for step in past))
    step, sampled = BEFORE, begun
    while step < TOTAL:
        time.sleep(FLUSH_EVERY)
        now = time.time()
        due = range(step + 1, int((now - begun) * RATE) + 1)
        recorded.train(due, (begun + step / RATE for step in due))
        step = due.stop - 1
        if now - sampled >= 1:
            recorded.sample(now)
            sampled = now


if __name__ == "__main__":
    main(Path(sys.argv[1]))
