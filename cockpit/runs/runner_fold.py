"""What the runner's journal has told, folded like the trainer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cockpit.domain.growth import Growth
from cockpit.runs.fold import integer, text
from cockpit.runs.journal import Event, JournalTail, read_number
from cockpit.runs.layout import RunPaths


@dataclass
class RunnerFold:
    """What the runner's journal has told."""

    launches: list[Event] = field(default_factory=list)
    exits: list[Event] = field(default_factory=list)
    host_tags: dict[int, Event] = field(default_factory=dict)
    gpu_error: str = ""
    growth: Growth | None = None  # what the trainer is held for

    def apply(self, event: Event) -> None:
        """Take one event in."""
        match event["event"]:
            case "launched":
                self.launches.append(event)
                self.growth = None
            case "growth":
                self.growth = Growth.of(event)
            case "growth_over":
                self.growth = None
            case "exit":
                self.exits.append(event)
            case "host_tag":
                tag = integer(event.get("tag"))
                if tag is not None:
                    self.host_tags[tag] = event
            case "gpu_error":
                self.gpu_error = text(event.get("message"))

    @property
    def launched(self) -> Event | None:
        """The latest launch."""
        return self.launches[-1] if self.launches else None

    @property
    def exit(self) -> Event | None:
        """The exit of the latest launch, if it was recorded."""
        began = read_number(self.launches[-1].get("t")) if self.launches else None
        if began is None:
            return None
        return next((e for e in reversed(self.exits) if (read_number(e.get("t")) or 0.0) >= began), None)

    def active_seconds(self, now: float, pauses: Sequence[tuple[float, float | None]] = ()) -> float:
        """Wall time inside attempts less the pauses; an attempt whose end nobody recorded counts up to the next."""
        total = 0.0
        for index, launch in enumerate(self.launches):
            began = read_number(launch.get("t")) or now
            following = self.launches[index + 1 :][:1]
            limit = (read_number(following[0].get("t")) or now) if following else now
            ended = next((t for e in self.exits if began <= (t := read_number(e.get("t")) or 0.0) <= limit), limit)
            held = sum(min(until or ended, ended) - since for since, until in pauses if began <= since <= ended)
            total += max(0.0, ended - began - held)
        return total


def read_runner(run: RunPaths) -> RunnerFold:
    """What the runner's journal of a run tells as of now."""
    history = RunnerFold()
    for event in JournalTail(run.runner_journal).poll()[0]:
        history.apply(event)
    return history
