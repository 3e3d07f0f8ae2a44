"""The checkpoints that a run's journals tell of, as far as they are there."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from cockpit.domain.run import Checkpoint
from cockpit.runs.files import RunFiles


def listed(files: RunFiles) -> tuple[Checkpoint, ...]:
    """Those that exist, newest first, ``last`` beside what it copies; the best one marked."""
    trainer, found = files.trainer, []
    for checkpoint in trainer.checkpoints.values():
        path = files.run.root / checkpoint.path
        if path.exists():
            found.append(dataclasses.replace(checkpoint, path=str(path), value=trainer.value_of(checkpoint)))
    told = {checkpoint.path for checkpoint in found}
    followed = files.tailed.checkpoints
    told |= {path for path in followed if str(Path(path).parent) in followed}  # a file told before its folder was whole
    found += [c for c in followed.values() if c.path not in told and Path(c.path).exists()]
    found.sort(key=lambda c: (c.time or 0, "last" not in c.name), reverse=True)
    scored = [c for c in found if c.value is not None and c.value == c.value and not c.name.startswith("last")]
    pick = max if trainer.fit.get("mode") == "max" else min
    best = pick(scored, key=lambda c: c.value or 0.0) if scored else None
    return tuple(
        dataclasses.replace(
            c,
            roles=(("best",) if c is best else ()) + (("last",) if c.name.startswith("last") else ()) + c.roles,
        )
        for c in found
    )
