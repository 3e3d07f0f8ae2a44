"""The steps of data and training as a list with ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.domain.state import DATA_STAGES, TRAINING_STAGES
from cockpit.domain.text import count, safe
from cockpit.tui.cells import Line
from cockpit.tui.signs import bar, stage_sign

if TYPE_CHECKING:
    from cockpit.domain.run import RunState, Stage

_NAME, _BAR = 20, 16  # cells


def stage_lines(state: RunState, width: int, *, plain: bool) -> list[Line]:
    """One line a stage, data before training; nothing where the run has reported none."""
    reported = {(stage.pipeline, stage.name): stage for stage in (*state.stages, *filter(None, [state.stage]))}
    lines: list[Line] = []
    for pipeline, names in (("data", DATA_STAGES), ("training", TRAINING_STAGES)):
        own = [name for name in names if (pipeline, name) in reported]
        if not own:
            continue
        indent = max(0, (width - 64) // 2)
        lines += [[(" " * indent + pipeline, "title")]]
        lines += [
            [(" " * indent, ""), *_line(name, reported.get((pipeline, name)), width - indent, plain)] for name in names
        ]
    return lines


def _line(name: str, stage: Stage | None, width: int, plain: bool) -> Line:
    glyph, style = stage_sign(stage.status if stage else "", plain=plain)
    line: Line = [(f"{glyph} ", style), (f"{name:<{_NAME}}", "text" if stage else "faint")]
    if stage is None:
        return line
    if stage.status == "running" and stage.total and stage.done is not None:
        line += [
            *bar(stage.done / stage.total, _BAR, plain=plain),
            (f" {count(stage.done)}/{count(stage.total)}", "text"),
        ]
        width -= _BAR + 16
    return [*line, (f"  {safe(stage.detail, max(1, width - _NAME - 4))}", "dim")] if stage.detail else line
