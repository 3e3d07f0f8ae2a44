"""All benchmarks, one table: ``python tests/benchmarks/run.py [start million events live step] [--rounds N]``.

Ours and what it is held against are measured by turns in the same run, and the median is told, so that a machine
that is busy for a while slows both. Needs the ``bench`` extra for what it compares with.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import tempfile
from pathlib import Path

from table import markdown

BENCHMARKS = ("start", "million", "events", "live", "step")


def main() -> None:
    """Measure what was asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", choices=[*BENCHMARKS, []], help=f"of {', '.join(BENCHMARKS)}"
    )
    parser.add_argument("--rounds", type=int, default=9, help="turns each (default 9)")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its bytecode
    rows, before = [], os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="cockpit-bench-") as place:
        for name in options.names or BENCHMARKS:
            rows += importlib.import_module(name).measure(Path(place) / name, options.rounds)
    print(markdown(rows))
    print(
        f"\n{options.rounds} rounds; {_processor()}, {os.cpu_count()} cores; Python {platform.python_version()}; "
        f"load average {before:.1f} before, {os.getloadavg()[0]:.1f} after"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
