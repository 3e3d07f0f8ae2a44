"""States with vitals of their own, for the rules."""

from dataclasses import replace

from support.fakes import NOW, run_state

from cockpit.domain.state import State
from cockpit.domain.vitals import Conditions, Memory, Vitals

GIB = 2**30
BEGUN = Conditions(
    begun=NOW - 600, deterministic=True, data_fingerprint="6f1c", loggers=("TensorBoardLogger",), validate_every=100,
    checkpoint_every=200,
)  # fmt: skip


def curve(values, first=1, every=1):
    return tuple((first + i * every, value) for i, value in enumerate(values))


def samples(values, every=2.0):
    """The last of them is of now."""
    return tuple((NOW - every * (len(values) - 1 - i), value) for i, value in enumerate(values))


def host(values, every=2.0, total=125 * GIB):
    used = samples(values, every)
    return Memory("host", used, used[-1][1], total, max(values))


def state(changes=None, conditions=None, **vitals):
    """A healthy run but for these; ``changes`` are fields of the state, ``conditions`` changes of its conditions."""
    begun = conditions if isinstance(conditions, Conditions) else replace(BEGUN, **(conditions or {}))
    made = {
        "conditions": begun, "losses": curve([2 - i / 1000 for i in range(512)]),
        "loss_start": 5.5, "norms": curve([0.8] * 64), "last_point": NOW, "tracker_written": NOW - 20,
        "memory": (host([GIB] * 96),), "disk_free": samples([80 * GIB] * 96), "update_ratio": 2e-3,
    }  # fmt: skip
    look = {"criteria": (), "verdict": "", "metrics": {"train/loss": 1.5, "val/loss": 1.6, "lr": 1e-3}}
    return run_state(vitals=Vitals(**made | vitals), **look | (changes or {}))


def watched(changes=None, **vitals):
    """What TensorBoard's files tell of a healthy run, but for these; nothing of it is known from elsewhere."""
    made = {
        "recorder": "TensorBoard", "conditions": Conditions(begun=NOW - 600), "tracker_written": None, "memory": (),
        "disk_free": (), "update_ratio": None, "metric": "val/loss",
        "validations": curve([3 - i / 10 for i in range(12)], 100, 100),
    }  # fmt: skip
    known = {
        "launch": None, "state": State.WATCHED, "evidence": "TensorBoard, last record now", "seed": None,
        "checkpoints": (), "last_checkpoint": None, "guarantee": ("unknown", "it is only watched"), "device": "",
    }  # fmt: skip
    return state(known | (changes or {}), **made | vitals)
