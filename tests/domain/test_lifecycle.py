"""The state machine: every state has its evidence, none is guessed."""

import dataclasses

import pytest

from cockpit.domain.lifecycle import Life, Signs, judge
from cockpit.domain.state import State

NOW = 10_000.0
STEPPING = Signs(
    now=NOW, created=NOW - 500, trainer=Life.ALIVE, runner=Life.ALIVE, host="box", launched=NOW - 490,
    attached=True, fitting=True, last_sign=NOW - 0.3, pace=0.2,
)  # fmt: skip


def with_(**changes):
    return judge(dataclasses.replace(STEPPING, **changes))


@pytest.mark.parametrize(
    ("changes", "state", "evidence"),
    [
        ({}, State.RUNNING, "stepping"),
        ({"last_sign": NOW - 48}, State.STALLED, "no step for 48s, usual pace 0.2 s"),
        ({"last_sign": NOW - 48, "pace": 30.0}, State.RUNNING, "last step 48s ago"),
        ({"trainer": Life.SUSPENDED}, State.PAUSED, "SIGSTOP"),
        ({"phase": State.VALIDATING, "phase_since": NOW - 5}, State.VALIDATING, "validating for 5s"),
        ({"phase": State.VALIDATING, "phase_since": NOW - 0.4}, State.VALIDATING, "validating now"),
        ({"phase": State.SAVING, "phase_since": NOW - 2}, State.SAVING, "saving for 2s"),
        ({"phase": State.PAUSED, "phase_since": NOW - 60}, State.PAUSED, "memory stays held"),
        ({"stop_requested": True}, State.STOPPING, "next step"),
        ({"stop_requested": True, "asked": ("stop", NOW - 19)}, State.STOPPING, "next step"),
        ({"stop_requested": True, "asked": ("stop", NOW - 21)}, State.STOPPING, "not acknowledged for 21s: "),
        ({"stop_requested": True, "asked": ("stop", NOW - 21), "phase": State.VALIDATING}, State.STOPPING,
         "inside a validation"),
        ({"stop_requested": True, "asked": ("stop", NOW - 21), "last_sign": NOW - 48}, State.STOPPING, "may hang"),
        ({"asked": ("checkpoint", NOW - 21)}, State.RUNNING, "stepping; checkpoint not acknowledged for 21s"),
        ({"end_reason": "finished"}, State.STOPPING, "closing"),
        ({"fitting": False}, State.LAUNCHING, "process started"),
        ({"fitting": False, "last_sign": NOW}, State.LAUNCHING, "process started, last sign now"),
        ({"fitting": False, "attached": False, "framework": "Lightning"}, State.LAUNCHING, "process started"),
        ({"fitting": False, "attached": False, "framework": "PyTorch"}, State.RUNNING, "nothing in it tells how far"),
        ({"trainer": Life.UNSEEN, "created": NOW - 3}, State.LAUNCHING, "no process yet"),
        ({"trainer": Life.UNSEEN, "created": NOW}, State.LAUNCHING, "created now, no process yet"),
        ({"trainer": Life.UNSEEN}, State.FAILED, "never launched"),
        ({"trainer": Life.OTHER_HOST}, State.UNKNOWN, "box"),
        ({"trainer": Life.OTHER_BOOT}, State.INTERRUPTED, "restarted"),
        ({"trainer": Life.OTHER_BOOT, "end_reason": "finished"}, State.FINISHED, "finished"),
        ({"trainer": Life.GONE}, State.STOPPING, "being recorded"),
        ({"trainer": Life.GONE, "runner": Life.SUSPENDED}, State.STOPPING, "its runner is suspended"),
        ({"exited": True, "exit_code": 1, "remaining": (7, 9)}, State.FAILED, "code 1; of its processes pid 7, 9 "),
        ({"trainer": Life.GONE, "runner": Life.GONE}, State.UNKNOWN, "not recorded"),
        ({"trainer": Life.GONE, "runner": Life.GONE, "end_reason": "stopped"}, State.STOPPED, "checkpoint saved"),
        ({"exited": True, "exit_code": 0, "end_reason": "finished"}, State.FINISHED, "finished"),
        ({"exited": True, "exit_code": 0}, State.STOPPED, "never said that training finished"),
        ({"exited": True, "exit_code": 0, "attached": False}, State.FINISHED, "exit code 0"),
        ({"exited": True, "exit_code": 1}, State.FAILED, "exit code 1"),
        ({"exited": True, "exit_code": 1, "end_reason": "finished"}, State.FAILED, "after training had finished"),
        ({"exited": True, "exit_code": 1, "exception": "ValueError: x"}, State.FAILED, "ValueError: x"),
        ({"exited": True, "exit_signal": 9, "exit_note": "out of memory suspected"}, State.KILLED,
         "SIGKILL; out of memory suspected"),
        ({"exited": True, "exit_signal": 15, "end_reason": "signal"}, State.STOPPED, "checkpoint saved"),
    ],
)  # fmt: skip
def test_each_state_comes_with_its_evidence(changes, state, evidence):
    got, line = with_(**changes)
    assert got is state
    assert evidence in line


@pytest.mark.parametrize(
    ("quiet", "pace", "state", "evidence"),
    [
        (0.2, 0.5, State.RUNNING, "last record now, metrics.csv"),
        (3, 0.5, State.RUNNING, "last record 3s ago, metrics.csv"),
        (90, 0.5, State.STALLED, "no record for"),
        (90, None, State.RUNNING, "last record"),  # no pace, no stall
    ],
)
def test_a_script_is_judged_by_the_files_that_it_writes_by_itself(quiet, pace, state, evidence):
    tailed = {"attached": False, "fitting": False, "framework": "PyTorch", "tailed": "metrics.csv"}
    judged, words = with_(**tailed, pace=pace, last_sign=NOW - quiet)
    assert judged is state
    assert evidence in words


def test_silence_alone_never_ends_a_run():
    state, _ = with_(last_sign=NOW - 9_000)
    assert state.active
