"""What the runner sampled of GPUs and host: the latest figures and series."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.domain.run import GpuUse
from cockpit.runs.fold import text
from cockpit.runs.journal import Event
from cockpit.runs.scalar_tail import ScalarTail, last_records

if TYPE_CHECKING:
    from cockpit.domain.series import SeriesView


class HostFigures:
    """Follows host.bin; the names of its tags stand in the runner's journal."""

    def __init__(self, path: Path, *, series: bool) -> None:
        self.latest: dict[str, float] = {}
        self._path = path
        self._names: dict[int, str] = {}
        self._devices: dict[int, str] = {}
        self._tail = ScalarTail(path) if series else None

    def poll(self, tags: Mapping[int, Event]) -> None:
        """Take in what is new; ``tags`` are the ``host_tag`` events by tag."""
        if len(tags) != len(self._names):
            self._names = {tag: text(event.get("name")) for tag, event in tags.items()}
            self._devices = {
                int(head[3:]): text(event.get("device"))
                for tag, event in tags.items()
                if (head := self._names[tag].partition("/")[0]).startswith("gpu") and head[3:].isdigit()
            }
        if self._tail is not None:
            self._tail.poll()
        for _, _, value, tag, _ in last_records(self._path, 2 * len(self._names)):
            if tag in self._names:
                self.latest[self._names[tag]] = value

    def gpus(self) -> tuple[GpuUse, ...]:
        """Every GPU that was sampled, by index."""

        def figure(index: int, name: str) -> float | None:
            return self.latest.get(f"gpu{index}/{name}")

        return tuple(
            GpuUse(
                index=index,
                name=device,
                memory_used=figure(index, "memory_used"),
                memory_total=figure(index, "memory_total"),
                utilisation=figure(index, "utilisation"),
                temperature=figure(index, "temperature"),
                power=figure(index, "power"),
            )
            for index, device in sorted(self._devices.items())
        )

    def views(self) -> dict[str, SeriesView]:
        """The series by name; empty where they are not kept."""
        if self._tail is None:
            return {}
        return {self._names[tag]: s.view() for tag, s in self._tail.series.items() if tag in self._names}
