"""Appends to a run as fast as it can until it is killed: ``python appender.py RUN COUNTERS``.

COUNTERS is a file of two 8-byte numbers: how many appends of the journal, and of the scalars, have returned.
"""

import mmap
import struct
import sys
from pathlib import Path

from cockpit.runs.journal import JournalWriter
from cockpit.runs.layout import RunPaths
from cockpit.runs.scalars import ScalarWriter

if __name__ == "__main__":
    run = RunPaths(Path(sys.argv[1]))
    with open(sys.argv[2], "r+b") as file:
        counters = mmap.mmap(file.fileno(), 16)
    journal, scalars = JournalWriter(run.journal), ScalarWriter(run.scalars)
    lines, records = struct.unpack("<qq", counters)
    while True:
        journal.write("progress", number=lines + 1, filler="x" * (lines * 997 % 5000))
        lines += 1
        counters[:8] = struct.pack("<q", lines)
        scalars.write([(records + 1, 0.0, float(records + 1), 0, 0)])
        records += 1
        counters[8:] = struct.pack("<q", records)
