"""What a run can be in: its states, and the stages of its data and its training."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """The states a run can be shown in; each comes with a line of evidence."""

    LAUNCHING = "launching"
    RUNNING = "running"
    VALIDATING = "validating"
    SAVING = "saving"
    PAUSED = "paused"
    STALLED = "stalled"
    STOPPING = "stopping"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    KILLED = "killed"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"
    WATCHED = "watched"  # recorded by another tool, which says nothing of an end

    @property
    def active(self) -> bool:
        """Whether a trainer process is believed to exist."""
        return self in _ACTIVE


_ACTIVE = {
    State.LAUNCHING, State.RUNNING, State.VALIDATING, State.SAVING,
    State.PAUSED, State.STALLED, State.STOPPING,
}  # fmt: skip

DATA_STAGES = (
    "validate raw data", "preprocess", "split", "cache", "build loaders",
)  # fmt: skip
TRAINING_STAGES = (
    "load config", "set up tracking", "initialise model", "load checkpoint",
    "train", "save checkpoints", "log metrics",
)  # fmt: skip
