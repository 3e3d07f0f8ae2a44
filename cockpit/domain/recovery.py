"""What the recovery block of a handoff document would do, read back from the document itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cockpit.domain.handoff import TITLE
from cockpit.domain.text import shell_split

_BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CUDA = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True)
class Recovery:
    """One way back that a handoff names; paths are absolute, None is what the block does not name."""

    project: str
    entered: str | None  # the script that its `source` line reads
    gpus: str | None  # CUDA_VISIBLE_DEVICES; None where it is unset
    program: str  # what the last line runs
    run_id: str | None  # of `cockpit resume`
    config: str | None
    checkpoint: str | None


def read_recovery(document: str) -> tuple[Recovery, ...]:
    """Every way back in a handoff, in its order; watching is none.

    Raises:
        ValueError: it is no handoff, or a block of it was changed so that it does not read.
    """
    if TITLE not in document:
        raise ValueError(f"it has no title {TITLE!r}")
    blocks = [[shell_split(line) for line in block.splitlines() if line.strip()] for block in _BLOCK.findall(document)]
    found = [_recovery(lines) for lines in blocks if lines]
    ways = tuple(way for way in found if way is not None)
    if not ways:
        raise ValueError("it has no recovery commands")
    return ways


def _recovery(lines: Sequence[list[str]]) -> Recovery | None:
    *before, command = lines
    resume = command[1:2] == ["resume"] and len(command) > 2
    if not resume and "--config" not in command:
        return None
    project, entered, gpus = "", None, None
    for words in before:
        match words:
            case ["cd", folder]:
                project = folder
            case ["source" | ".", script]:
                entered = script
            case ["export", setting] if setting.startswith(f"{_CUDA}="):
                gpus = setting.partition("=")[2]
    return Recovery(
        project,
        entered,
        gpus,
        command[0],
        command[2] if resume else None,
        _after(command, "--config"),
        _after(command, "--from") if resume else _after(command, "--ckpt_path"),
    )


def _after(words: Sequence[str], option: str) -> str | None:
    return next((value for name, value in pairwise(words) if name == option), None)
