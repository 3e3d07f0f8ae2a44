"""A loop that writes its own metrics.csv with the csv module; it ends where a file "end" lies."""

import csv
import math
import time
from pathlib import Path

with Path("metrics.csv").open("w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["step", "train_loss", "val_loss"])
    for step in range(100_000):
        loss = math.nan if step == 5 else 2.0 / (1 + step)
        rows.writerow([step, loss, "" if step % 10 else loss + 0.1])
        file.flush()
        time.sleep(0.02)
        if step >= 60 and Path("end").exists():
            break
