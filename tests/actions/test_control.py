"""The ladder of stopping says what is lost, and of a script that listens to nobody no more than is known."""

from support.fakes import launch, run_state

from cockpit.actions import control
from cockpit.actions.control import ladder, stop_question
from cockpit.domain.policy import Action

DEAF = run_state(launch=launch(framework="PyTorch"), listens=False, checkpoints=(), last_checkpoint=None)
LISTENING = run_state(launch=launch(framework="Lightning"), listens=True, checkpoints=(), last_checkpoint=None)


def test_a_script_that_listens_saves_before_it_ends():
    stop, terminate, kill = ladder(LISTENING)
    assert stop.why_not == ""
    assert "it saves a checkpoint if it reaches a step" in terminate.consequence
    assert "no checkpoint has been saved" in kill.consequence


def test_of_a_script_that_does_not_nobody_says_what_it_will_save_or_has_saved():
    stop, terminate, kill = ladder(DEAF)
    assert "listens" in stop.why_not
    assert terminate.consequence == "SIGTERM; what it has not saved by itself is lost"
    assert kill.consequence == "SIGKILL, at once; what it has not saved by itself is lost"


def test_the_question_says_the_same(monkeypatch):
    monkeypatch.setattr(control, "_active", lambda run: DEAF)
    question = stop_question(None, Action.TERMINATE)
    facts = {fact.label: fact.value for fact in question.facts}
    assert question.will == "The script gets SIGTERM, which ends it at once unless it minds that by itself."
    assert question.cannot_undo == "What it has not saved by itself is lost."
    assert facts["can be resumed"] == "by its own command alone: no checkpoint is known"
    assert "steps unsaved" not in facts
    monkeypatch.setattr(control, "_active", lambda run: LISTENING)
    assert "steps unsaved" in {fact.label for fact in stop_question(None, Action.TERMINATE).facts}
