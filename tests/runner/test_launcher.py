"""What a launcher or a shell leaves behind when it is ended: it is ended too, or told and can be killed."""

import os
import signal
import sys

import pytest

from cockpit.actions.control import stop_question
from cockpit.actions.resume import plan_resume
from cockpit.domain.policy import Action
from cockpit.domain.state import State
from cockpit.errors import NotPossible
from cockpit.runner.control import kill, terminate
from cockpit.runs.reader import RunReader

TRAINER = "import os, signal, time; {}; print(os.getpid(), flush=True); time.sleep(600)"
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def shell(code):
    """A shell that does not become its child."""
    return ("bash", "-c", f"'{sys.executable}' -c '{code}'; true")


def child_of(run, wait_for):
    wait_for(lambda: run.paths.output.exists() and run.output().endswith("\n"))
    return int(run.output())


def test_what_a_person_sends_to_a_shell_reaches_its_trainer(run, wait_for, alive):
    run.start("", argv=shell(TRAINER.format("pass")))
    trainer = child_of(run, wait_for)
    terminate(run.paths, "ada")
    end = run.event("exit")
    assert (end["signal"], end["left"], alive(trainer)) == (signal.SIGTERM, [], False)
    (passed, sent) = run.events("signal")
    assert (passed["by"], sent["by"]) == ("runner", "person")
    assert f"passed on to pid {trainer}" in passed["reason"]


def test_while_it_takes_its_time_it_can_be_killed(run, wait_for, alive):
    run.start("", argv=shell(TRAINER.format(DEAF)))
    trainer = child_of(run, wait_for)
    terminate(run.paths, "ada")
    wait_for(lambda: run.events("signal"), "the signal to be passed on")
    assert RunReader(run.paths).poll().state is State.STOPPING
    assert trainer in kill(run.paths, "ada")
    assert run.event("exit")["left"] == []
    assert not alive(trainer)


def test_what_ends_by_another_hand_leaves_its_children_alone(run, wait_for, alive):
    shell_itself = run.start("", argv=shell(TRAINER.format("pass")))
    trainer = child_of(run, wait_for)
    os.kill(shell_itself.pid, signal.SIGTERM)
    assert run.event("exit")["left"] == [trainer]
    assert alive(trainer)


def test_what_is_left_is_told_keeps_a_resume_away_and_can_be_killed(run, wait_for, alive):
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {TRAINER.format('pass')!r}])"
    run.start(code)  # nothing says that it is a launcher
    trainer = child_of(run, wait_for)
    terminate(run.paths, "ada")
    assert run.event("exit")["left"] == [trainer]
    state = RunReader(run.paths).poll()
    assert (state.state, state.remaining) == (State.KILLED, (trainer,))
    for action in (Action.STOP, Action.TERMINATE):
        with pytest.raises(NotPossible) as refused:
            stop_question(run.paths, action)
        assert refused.value.hint == f"End what it has left: cockpit stop {run.paths.id} --kill"
    with pytest.raises(NotPossible, match="two would train at once"):
        plan_resume(run.paths)
    assert stop_question(run.paths, Action.KILL).as_facts()["pid"] == str(trainer)
    assert kill(run.paths, "ada") == (trainer,)
    wait_for(lambda: not alive(trainer))
    assert RunReader(run.paths).poll().remaining == ()
    with pytest.raises(NotPossible):
        kill(run.paths, "ada")
