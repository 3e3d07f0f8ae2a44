"""A run's state as the flat record that scripts read (``cockpit status --json``)."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from cockpit.domain.run import RunState


def as_record(state: RunState) -> dict[str, Any]:
    """``state`` as JSON-ready values; NaN and infinities are spelt out, because JSON has none."""
    return {
        "id": state.id,
        "name": state.name,
        "state": str(state.state),
        "evidence": state.evidence,
        "step": state.step,
        "steps_total": state.steps_total,
        "epoch": state.epoch,
        "epochs_total": state.epochs_total,
        "best": None
        if state.best is None
        else {
            "metric": state.best.metric,
            "value": json_number(state.best.value),
            "step": state.best.step,
            "epoch": state.best.epoch,
        },
        "trackers": [
            {"kind": t.kind, "id": t.id or None, "place": t.place, "command": t.command or None, "page": t.page or None}
            for t in state.trackers
        ],
        "last_checkpoint": state.last_checkpoint,
        "loss": {"train": json_number(state.loss_train), "val": json_number(state.loss_val)},
        "learning_rate": json_number(state.learning_rate),
        "eta_seconds": state.eta.seconds,
        "eta_range_seconds": None if state.eta.low is None else [state.eta.low, state.eta.high],
        "steps_per_second": state.steps_per_second,
        "seed": state.seed,
        "attempt": state.attempt,
        "pid": state.pid if state.state.active else None,
        "supervised": state.supervised,
        "save_error": state.save_error or None,
        "nonfinite_count": state.nonfinite_count,
        "exit_code": state.exit_code,
        "exit_signal": state.exit_signal,
        "criteria": state.verdict or None,
        "troubles": [trouble.text for trouble in state.troubles],
        "hyperparameters": {name: json_number(value) for name, value in state.hyperparameters.items()},
        "marks": [asdict(mark) for mark in state.marks],
        "bad_records": state.bad_records,
        "path": state.path,
    }


def json_number(value: float | None) -> float | str | None:
    """``value`` where JSON can hold it, else its name."""
    if value is None or math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
