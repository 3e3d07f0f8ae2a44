"""The model card of a checkpoint, from its run; everything in it is fit to be published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.domain.checkpoint import CheckpointReport
from cockpit.domain.publish import Card, Taken, publishable
from cockpit.domain.run import RunState
from cockpit.domain.text import count, counted, number, safe
from cockpit.errors import CockpitError
from cockpit.project.config_files import read_tree
from cockpit.runs.layout import RunPaths


@dataclass(frozen=True, slots=True)
class Source:
    """A checkpoint to export, and the run it is of, if cockpit knows it."""

    path: Path
    run: RunPaths | None = None
    state: RunState | None = None
    report: CheckpointReport | None = None

    @property
    def told(self) -> str:
        """Which one, for a person."""
        if self.state is None or self.report is None:
            return safe(self.path.name)
        return f"{safe(self.path.name)} of {safe(self.state.name)} {self.state.short_id}"


def card_of(source: Source, told: dict[str, Any], licence: str, redact: Callable[[str], str], taken: Taken) -> Card:
    """What is told of it.

    Args:
        source: the checkpoint.
        told: what the child that wrote the weights found.
        licence: of the project.
        redact: takes secrets out of a text.
        taken: is told what was left out.
    """
    state = source.state
    tied = [f"{name} is {kept}" for name, kept in told.get("tied", {}).items()]
    tensors = (
        ("parameters", count(told.get("parameters"))),
        ("tensors", count(told.get("tensors"))),
        ("types", ", ".join(told.get("types", ()))),
        *((("tied", "; ".join(tied[:6])),) if tied else ()),
    )
    return Card(
        name=state.name if state else source.path.stem,
        licence=licence,
        made=_made(source, told),
        metrics=_metrics(source),
        tensors=tensors,
        hparams=_yaml(publishable(told.get("hparams") or {}, redact, taken)),
        config=_config(source, redact, taken),
        load=told.get("load", ""),
        taken=taken,
    )


def reveals(card: Card) -> tuple[str, ...]:
    """What the card tells, in a few words."""
    labels = [label for label, _ in card.made]
    lines = (card.hparams.count("\n"), card.config.count("\n"))
    return (
        *labels,
        *([counted(len(card.metrics), "metric")] if card.metrics else []),
        *([f"hyperparameters ({counted(lines[0], 'line')})"] if lines[0] else []),
        *([f"config ({counted(lines[1], 'line')})"] if lines[1] else []),
    )


def _made(source: Source, told: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    state, launch = source.state, source.state.launch if source.state else None
    rows = [("run", state.id if state else ""), ("step", count(told.get("step")) if told.get("step") else "")]
    epoch = told.get("epoch")
    rows.append(("epoch", str(epoch) if isinstance(epoch, int) else ""))
    if state is not None:
        rows += [("seed", "" if state.seed is None else str(state.seed)), ("device", state.device)]
        rows.append(("precision", state.precision))
    if launch is not None:
        dirty = ", with uncommitted changes" if launch.git_dirty or launch.git_untracked else ""
        rows.append(("commit", f"{launch.git_commit}{dirty}" if launch.git_commit else ""))
        known = [f"{name} {launch.packages[name]}" for name in ("torch", "lightning") if name in launch.packages]
        rows.append(("packages", ", ".join(known)))
    return tuple((label, value) for label, value in rows if value)


def _metrics(source: Source) -> tuple[tuple[str, str], ...]:
    state, own = source.state, source.report.checkpoint if source.report else None
    rows = []
    if own is not None and own.value is not None:
        rows.append((f"{own.metric or 'metric'}, this checkpoint", number(own.value)))
    if state is not None and state.best is not None:
        rows.append((f"{state.best.metric}, best of the run", f"{number(state.best.value)} at step {state.best.step}"))
    if state is not None:
        rows += [(f"{name}, last", number(value)) for name, value in sorted(state.metrics.items())[:12]]
    return tuple(rows)


def _config(source: Source, redact: Callable[[str], str], taken: Taken) -> str:
    if source.run is None:
        return ""
    try:
        return _yaml(publishable(read_tree(source.run.config), redact, taken))
    except CockpitError:
        return ""


def _yaml(tree: Any) -> str:
    import yaml

    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True) if tree else ""
