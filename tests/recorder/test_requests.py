"""What is asked of a training is answered once, whether it can be done or not; by Lightning's and by a loop."""

import signal
from unittest.mock import Mock

import pytest
from recorder.test_loop import events as told
from recorder.test_loop import loop
from support.fits import leave
from support.processes import wait_until

from cockpit.recorder import tags
from cockpit.recorder.answers import Answers, Wishes
from cockpit.recorder.journal import NoJournal
from cockpit.recorder.orders import Inbox
from cockpit.recorder.ranks import Ranks
from cockpit.recorder.saves import Saved
from cockpit.runs import requests
from cockpit.runs.journal import JournalWriter

HOSTILE = "frob\x1b]52;c;aGk=\x07" + "x" * 300


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["frobnicate", HOSTILE], ids=["unknown", "hostile"])
def test_a_verb_that_nobody_knows_is_refused_with_those_that_are(fit, run, events, verb):
    training = fit(epochs=50, pace=0.02)
    wait_until(lambda: events("fit_start"), training.text)
    asked = leave(run, verb)
    (answer,) = wait_until(lambda: events("ack"), training.text)
    assert (answer["request"], answer["ok"]) == (asked, False)
    assert answer["detail"].startswith("Lightning's trainer cannot frob")
    assert answer["detail"].endswith("it knows checkpoint, modify, weights, stop, pause, continue")
    assert "\x1b" not in answer["detail"]
    assert len(answer["detail"]) < 200
    assert training.process.is_alive()


@pytest.mark.slow
def test_what_an_attempt_has_answered_no_later_one_answers_again(fit, run, events):
    early, foreign = requests.send(run, "checkpoint"), leave(run, "frobnicate")
    assert fit(pace=0.05, die_at=12).wait() == -signal.SIGKILL
    first = {event["request"]: event["detail"] for event in events("ack")}
    assert first[early.id] == "sent before this attempt began"
    assert "cannot frobnicate" in first[foreign]
    checkpoint = run.checkpoints / "step=8.ckpt"
    again = fit(attempt=2, pace=0.05, resume=checkpoint)
    wait_until(lambda: len(events("fit_start")) == 2, again.text)
    later = requests.send(run, "checkpoint")
    wait_until(lambda: events("ack")[-1]["request"] == later.id, again.text)  # so it has looked at all there is
    assert sorted(event["request"] for event in events("ack")) == sorted([early.id, foreign, later.id])


def test_a_loop_answers_what_it_cannot_do_once(run):
    asked = {requests.send(run, "stop").id, leave(run, "frobnicate")}
    for attempt in (1, 2, 3):
        assert loop(run, attempt=attempt).returncode == 0
    answers = [(event["request"], event["ok"]) for event in told(run) if event["event"] == "ack"]
    assert len(answers) == 2
    assert dict(answers) == dict.fromkeys(asked, False)


def test_a_request_waits_until_it_is_answered(run):
    first, second = (requests.send(run, "checkpoint") for _ in range(2))
    assert requests.pending(run, ()) == [first, second]
    assert requests.pending(run, {first.id}) == [second]
    (run.requests / "torn.json").write_text('{"id": "torn", "ve')
    (run.requests / "list.json").write_text("[]")
    assert requests.pending(run, {first.id, second.id}) == []


def test_an_inbox_gives_each_request_once(run):
    JournalWriter(run.journal).write("ack", request=requests.send(run, "stop").id, verb="stop", ok=True, detail="")
    assert len(tags.answered_requests(run)) == 1
    inbox, new = Inbox(run, 0.0), requests.send(run, "pause")
    assert inbox.new() == [(new, False)]
    assert inbox.new() == []


def test_a_process_that_began_later_does_what_the_first_one_does(run, monkeypatch):
    asked, saves = requests.send(run, "checkpoint"), Mock()
    read_by_the_first = [Wishes(Inbox(run, asked.time - 1).new(), None)]
    saves.save.return_value = Saved("")
    monkeypatch.setattr(Ranks, "share", lambda _, mine: [read_by_the_first.pop() if read_by_the_first else mine, mine])
    trainer = Mock(world_size=2, is_global_zero=False, global_step=5)
    follower = Answers(run, NoJournal(), saves, ending=Mock())  # after it was asked
    follower.begin(trainer)
    try:
        follower.after_step(trainer, 6)
    finally:
        follower.close()
    saves.save.assert_called_once_with(trainer, "requested")
