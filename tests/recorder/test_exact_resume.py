"""A resumed training is the uninterrupted one, to the last bit."""

import subprocess
import sys
from pathlib import Path

import pytest

TINY = Path(__file__).parent / "tiny.py"
pytestmark = pytest.mark.slow


def train(folder, *options):
    command = [sys.executable, str(TINY), str(folder), *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    lines = [line.split() for line in done.stdout.splitlines() if line[:1].isdigit() or line.startswith("hash")]
    assert lines, done.stderr[-2000:]
    return done, dict(lines)


def newest(folder):
    return max(Path(folder).glob("*.ckpt"), key=lambda path: int(path.stem.partition("=")[2].partition("-")[0]))


@pytest.mark.parametrize(
    ("die_at", "options"),
    [
        (19, ()),  # in the middle of the second epoch
        (13, ("--save-every", 12)),  # at the boundary of an epoch
        (25, ("--save-every", 6)),  # at a boundary, with a validation at the same step
        (21, ("--workers", 2)),
        (7, ("--accumulate", 3, "--save-every", 2)),
    ],
)
def test_after_kill_9_losses_and_weights_are_the_same(tmp_path, die_at, options):
    _, whole = train(tmp_path / "whole", *options)
    died, before = train(tmp_path / "torn", *options, "--die-at", die_at)
    assert died.returncode == -9
    checkpoint = newest(tmp_path / "torn")
    _, after = train(tmp_path / "torn", *options, "--resume", checkpoint)
    saved = int(checkpoint.stem.partition("=")[2].partition("-")[0])
    assert min(int(step) for step in after if step != "hash") == saved + 1
    assert {step: whole[step] for step in after} == after
    assert {step: whole[step] for step in before} == before
