"""What the screen is told: one look at everything, and what is left when it closes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from cockpit.domain.checklist import Check
    from cockpit.domain.checkpoint import CheckpointReport
    from cockpit.domain.run import RunState
    from cockpit.probes.gpu import GpuReport
    from cockpit.probes.host import HostSample


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything on the dashboard at one moment; None is "not looked yet"."""

    project: str
    host: str
    now: float
    runs: tuple[RunState, ...] = ()  # newest first, without series
    selected: RunState | None = None  # with series
    checks: tuple[Check, ...] = ()
    watching: bool = False  # runs of whoever records them; the checks tell what is watched
    gpus: GpuReport | None = None
    machine: HostSample | None = None
    gpu_history: dict[int, tuple[float, ...]] = field(default_factory=dict)  # memory, share 0..1
    host_history: dict[str, tuple[float, ...]] = field(default_factory=dict)  # ram, cpu: shares 0..1
    log: tuple[str, ...] = ()
    config_changes: tuple[str, ...] = ()  # how the config file differs from what the selected run trains with
    checkpoints: tuple[CheckpointReport, ...] = ()  # of the selected run, as far as they have been read


@dataclass(frozen=True, slots=True)
class Leave:
    """How the cockpit was left: the run that goes on, if one does."""

    run_id: str | None = None


class Looked(Message):
    """A new snapshot; an older one that was not yet handled is dropped."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        """Only the newest look matters."""
        return isinstance(message, Looked)


class Done(Message):
    """A worker has a word for the person."""

    def __init__(self, text: str, style: str = "good") -> None:
        super().__init__()
        self.text, self.style = text, style
