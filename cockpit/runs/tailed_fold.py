"""What the journal of the followed files has told, folded like the trainer's."""

from __future__ import annotations

from dataclasses import dataclass, field

from cockpit.domain.line import Line
from cockpit.domain.run import Checkpoint
from cockpit.runs.fold import integer, text
from cockpit.runs.journal import Event, read_number


@dataclass
class TailedFold:
    """What the files that a script writes by itself have told beside their curves."""

    sources: list[str] = field(default_factory=list)  # formats, each once
    tags: dict[int, str] = field(default_factory=dict)
    told_by: dict[str, tuple[str, str]] = field(default_factory=dict)  # of a tag's name: the file, its own name there
    lines: dict[str, Line] = field(default_factory=dict)  # of each file: what happened to its counter of steps
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)  # by path
    step: int | None = None
    steps_total: int | None = None
    epoch: int | None = None
    seconds_left: float | None = None
    seed: int | None = None
    seed_by: str = ""  # which file has it
    told: float | None = None  # when, seconds since the epoch

    def apply(self, event: Event) -> None:
        """Take one event in."""
        match event["event"]:
            case "source":
                name = text(event.get("format"))
                if name and name not in self.sources:
                    self.sources.append(name)
            case "tag":
                tag = integer(event.get("tag"))
                name = text(event.get("name"))
                if tag is not None:
                    self.tags[tag] = name
                    self.told_by[name] = text(event.get("path")), text(event.get("own"))
            case "line":
                if event.get("carried") is True:  # it tells of those before it too
                    self.lines.clear()
                self.lines[text(event.get("path"))] = Line.of(event)
            case "checkpoint":
                path = text(event.get("path"))
                self.checkpoints[path] = Checkpoint(
                    path=path,
                    name=text(event.get("name")) or path,
                    step=integer(event.get("step")),
                    epoch=integer(event.get("epoch")),
                    bytes=integer(event.get("bytes")),
                    time=read_number(event.get("time")),
                    attempt=integer(event.get("attempt")) or 1,
                    followed=True,
                )
            case "origin":
                self.seed, self.seed_by = integer(event.get("seed")), text(event.get("seed_by"))
            case "told":
                self.step, self.steps_total = integer(event.get("step")), integer(event.get("steps_total"))
                self.epoch, self.seconds_left = integer(event.get("epoch")), read_number(event.get("seconds_left"))
                self.told = read_number(event.get("t"))

    @property
    def line(self) -> Line:
        """The latest of the lines: what another attempt goes on from."""
        return next(reversed(self.lines.values()), Line())

    @property
    def told_of_steps(self) -> tuple[str, ...]:
        """What a person should know of the steps."""
        return tuple(dict.fromkeys(words for line in self.lines.values() for words in line.told))

    @property
    def source(self) -> str:
        """The formats."""
        return ", ".join(self.sources)
